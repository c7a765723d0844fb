/* The process-wide log sink (public side: hone_log_set). */
#ifndef HN_BASE_LOG_H
#define HN_BASE_LOG_H

#include "hone/types.h"

/* True when a line of this severity would be passed on: test before preparing costly text. */
bool hn_log_wants(hone_severity severity);
void hn_log(hone_severity severity, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
