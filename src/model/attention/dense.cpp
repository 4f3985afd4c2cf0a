// dense: every key that the mask leaves. The encoder computes it (model/encoder.cpp); its masked half is computed too.
#include "model/attention/attention.h"

namespace ate {

extern const AttentionDescription dense_attention;
constinit const AttentionDescription dense_attention = {
    .name = "dense",
    .help = "every key that the mask leaves",
    .flops = [](const Config& config) { return exact_flops(config, config.windows.length); },
    .has_flash = [](const Config&) { return true; },
};

}  // namespace ate
