/* What a build may leave out, to be defined as 0 for all of the library's sources. A device then refuses rounds that
 * need it, with TRIB_BAD_CONTEXT. Trust mode pairwise is left out by its files: sources.cmake. */
#ifndef TRIBUTARY_SRC_PARTS_H
#define TRIBUTARY_SRC_PARTS_H

/* Noise of the device's own: local on gradients (5.2) and on its words (6.3). Brings the C library's log and cos. */
#ifndef TRIB_WITH_NOISE
#define TRIB_WITH_NOISE 1
#endif

/* The rotation and random rounding that words of 16 and 24 bits need (6.1). */
#ifndef TRIB_WITH_ROTATION
#define TRIB_WITH_ROTATION 1
#endif

/* Rounds in which only a part of the parameters is trained or travels, and error feedback (5.1). */
#ifndef TRIB_WITH_SUBSET
#define TRIB_WITH_SUBSET 1
#endif

#endif
