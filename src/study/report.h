// A study's result as tables and sentences.
#pragma once

#include "report/table.h"
#include "study/result.h"

namespace ate {

Report study_report(const StudyResult& result);

}  // namespace ate
