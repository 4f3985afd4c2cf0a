// What a file says of itself in its first bytes, and where its token ids lie. Sizes that a header states are held
// against the file before anything is read by them.
//
//   npy    NumPy's format, versions 1 to 3 (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html): one
//          list of uint8, uint16, uint32, int32 or int64, the lower byte first
//   llmc   llm.c's token files (https://github.com/karpathy/llm.c, dev/data/data_common.py): 256 int32 (magic, version,
//          count, zeros), then the ids: uint16 under the magic 20240520 (version 1), uint32 under 20240801 (version 7)
#pragma once

#include "config/config.h"
#include "data/token_file.h"

namespace ate {

// The format of source.file: as asked for, or with `auto` by model, first bytes and ending. Throws BadInput where the
// file is something else than was asked for, or nothing to train on.
TextFormat format_of_file(const SourceConfig& source, const InputFile& file);

// Where the ids of a file of this format lie; not for sentencepiece. Throws BadInput, saying what would be right.
TokenLayout token_layout(TextFormat format, const InputFile& file);

}  // namespace ate
