/* adapt_pass_body.h: struct adapt_arithmetic for one type and one instruction set. The file that includes it defines
 *   ADAPT_REAL    float or double
 *   ADAPT_VECTOR  bytes that one register holds
 * and then makes its struct from ADAPT_ARITHMETIC. */
#include <stdlib.h>
#include <string.h>
#include <tgmath.h>

#include "adapt_pass.h"
#include "moe.h"
#include "rope.h"

typedef ADAPT_REAL real;

#include "adapt_pass_room.h"
#include "adapt_pass_products.h"
#include "adapt_pass_attention.h"
#include "adapt_pass_forward.h"
#include "adapt_pass_backward.h"
#include "adapt_pass_loss.h"

#define ADAPT_ARITHMETIC                                                                                               \
    {                                                                                                                  \
        .real_bytes = sizeof(real), .open = pass_open, .close = pass_close, .bytes = pass_bytes, .loss = pass_loss,    \
        .gradient = pass_gradient, .logits = pass_logits                                                               \
    }
