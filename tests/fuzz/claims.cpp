#include "claims/register.h"
#include "fuzz/reader.h"

namespace ate::fuzz {

void read_claims(std::string_view bytes) { (void)read_register(std::string(bytes), "claims.json"); }

}  // namespace ate::fuzz
