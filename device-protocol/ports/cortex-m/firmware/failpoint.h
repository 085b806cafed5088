/* For tests: power that fails at a step of storage or network. The word at TRIB_IMAGE_FAILPOINT of the flash is the
 * number of the step after the start, 0 or erased: never. It fires once. */
#ifndef TRIBUTARY_PORTS_CORTEX_M_FIRMWARE_FAILPOINT_H
#define TRIBUTARY_PORTS_CORTEX_M_FIRMWARE_FAILPOINT_H

/* One more step; does not return from the last. */
void trib_failpoint_step(void);

#endif
