/* What is different between two versions, in lines for people.
 *
 *     @@ 3 @@
 *     The lamp is [-lit-]{+out+} at half past six.
 *
 * Lines with what came and went, and as many around them as wanted; above each
 * group the number of its first line in the newer text. With colours, what went is
 * red and what came is green. A newline that came or went shows as \n.
 */
#ifndef CHANGES_H
#define CHANGES_H

#include "document.h"

#include <stdint.h>

struct changes_look {
    bool colour;
    uint32_t around; /* lines */
};

/* Print what leads from one version to another; *any tells if there was something. */
int changes_print(const struct document *d, const sennit_buf *from, const sennit_buf *to,
                  const struct changes_look *look, bool *any);

#endif
