#include <string.h>

#include "device-protocol/ports/cortex-m/board/board.h"

extern uint32_t trib_data_load[], trib_data_begin[], trib_data_end[];
extern uint32_t trib_bss_begin[], trib_bss_end[], trib_stack_top[], trib_stack_bottom[];
int main(void);
void trib_reset(void);
void trib_tick_interrupt(void);
void trib_network_interrupt(void);
void trib_fault(void);

#define CPACR (*(volatile uint32_t*)0xE000ED88)
#define AIRCR (*(volatile uint32_t*)0xE000ED0C)

enum { PAINT = 0x5a, SYS_EXIT_EXTENDED = 0x20, STOPPED_BY_APPLICATION = 0x20026 };

static int semihost(int operation, const void* argument) {
  register int r0 __asm__("r0") = operation;
  register const void* r1 __asm__("r1") = argument;
  __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}

void trib_board_exit(int code) {
  const int block[2] = {STOPPED_BY_APPLICATION, code};
  for (;;) (void)semihost(SYS_EXIT_EXTENDED, block);
}

void trib_fault(void) {
  trib_console_text("fault\n");
  trib_board_exit(99);
}

void trib_board_sleep(void) {
  __asm__ volatile("wfi");
}

void trib_board_reset(void) {
  AIRCR = 0x05fa0004;
  for (;;) {
  }
}

void trib_stack_paint(void) {
  const uintptr_t here = (uintptr_t)__builtin_frame_address(0) - 64;
  volatile unsigned char* low = (volatile unsigned char*)trib_stack_bottom;
  while ((uintptr_t)low < here) *low++ = PAINT;
}

size_t trib_stack_used(void) {
  const unsigned char* low = (const unsigned char*)trib_stack_bottom;
  while (*low == PAINT) ++low;
  return (size_t)((const unsigned char*)trib_stack_top - low);
}

void trib_reset(void) {
#if defined(__ARM_FP)
  CPACR |= 0xf << 20;
  __asm__ volatile("dsb\n isb");
#endif
  memcpy(trib_data_begin, trib_data_load, (size_t)((char*)trib_data_end - (char*)trib_data_begin));
  memset(trib_bss_begin, 0, (size_t)((char*)trib_bss_end - (char*)trib_bss_begin));
  trib_stack_paint();
  trib_console_start();
  trib_ticks_start();
  trib_board_exit(main());
}

__attribute__((weak)) void trib_network_interrupt(void) {}

/* Interrupt 13 is the Ethernet controller's on AN385 and AN386. */
__attribute__((section(".vectors"), used)) static void (*const vectors[16 + 14])(void) = {
    (void (*)(void))trib_stack_top,
    trib_reset,
    trib_fault,
    trib_fault,
    trib_fault,
    trib_fault,
    trib_fault,
    [15] = trib_tick_interrupt,
    [16 + 13] = trib_network_interrupt};
