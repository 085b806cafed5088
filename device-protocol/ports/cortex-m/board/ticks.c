#include "device-protocol/ports/cortex-m/board/board.h"

#ifdef TRIB_BOARD_AN505
#define TIMER 0x50000000
enum { HERTZ = 20000000 };
#else
#define TIMER 0x40000000
enum { HERTZ = 25000000 };
#endif
#define REGISTER(offset) (*(volatile uint32_t*)(TIMER + (offset)))
#define SYSTICK(offset) (*(volatile uint32_t*)(0xE000E010 + (offset)))

enum { NANOSECONDS = 1000000000, INSTRUCTION_NS = 32, WAKE_MS = 10 };

static uint32_t last;
static uint64_t passed;

void trib_tick_interrupt(void);
void trib_tick_interrupt(void) {} /* only wakes the processor */

void trib_ticks_start(void) {
  REGISTER(0x08) = UINT32_MAX;
  REGISTER(0x04) = UINT32_MAX;
  REGISTER(0x00) = 1;
  last = UINT32_MAX;
  passed = 0;
  SYSTICK(4) = HERTZ / 1000 * WAKE_MS - 1;
  SYSTICK(8) = 0;
  SYSTICK(0) = 7; /* on, with interrupt, from the processor's clock */
}

/* The timer counts down and begins again. */
uint64_t trib_ticks(void) {
  const uint32_t now = REGISTER(0x04);
  passed += last - now;
  last = now;
  return passed;
}

uint64_t trib_milliseconds(void) {
  return trib_ticks() / (HERTZ / 1000);
}

uint64_t trib_instructions(uint64_t ticks) {
  return ticks * (NANOSECONDS / HERTZ) / INSTRUCTION_NS;
}
