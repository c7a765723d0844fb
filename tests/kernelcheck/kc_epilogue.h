/* Random operators behind an anchor, of the kinds that dense kernels take. */
#ifndef KERNELCHECK_EPILOGUE_H
#define KERNELCHECK_EPILOGUE_H

#include "kernelcheck.h"

#define KC_EPILOGUES 22

/* Appends epilogue number `which` (0: none) to value y with the channels on `axis`; the result is the last value. */
int kc_epilogue(kc_case *c, int which, int y, int axis);

#endif
