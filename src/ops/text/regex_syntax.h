/* The syntax of RE2, which the standard names, in the words of PCRE2. */
#ifndef HN_OPS_TEXT_REGEX_SYNTAX_H
#define HN_OPS_TEXT_REGEX_SYNTAX_H

#include "abi/operator.h"

/* `pattern` for PCRE2, as a match of the whole text, in memory of `arena`. What RE2 does not know (lookarounds,
 * backreferences, possessive and repeated repetitions, verbs, ...) is refused by name; what both spell alike and mean
 * otherwise is rewritten. Faults that PCRE2 finds itself, such as a missing parenthesis, are left to it. */
hone_status hn_regex_from_re2(hn_arena *arena, hn_bytes pattern, bool grouped, hn_bytes *out, hn_diag *diag);

#endif
