// Clocks, in seconds.
#pragma once

namespace ate {

double wall_seconds();
// Time that the calling thread, or the whole process, has had a processor: what other programs take is not in
// it.
double thread_seconds();
double process_seconds();

}  // namespace ate
