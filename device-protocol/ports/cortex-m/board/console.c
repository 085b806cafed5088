#include "device-protocol/ports/cortex-m/board/board.h"

#ifdef TRIB_BOARD_AN505
#define UART 0x50200000
#else
#define UART 0x40004000
#endif
#define REGISTER(offset) (*(volatile uint32_t*)(UART + (offset)))

void trib_console_start(void) {
  REGISTER(0x10) = 16; /* divider: the smallest */
  REGISTER(0x08) = 1;  /* transmit */
}

void trib_console_text(const char* text) {
  for (; *text; ++text) {
    while (REGISTER(0x04) & 1) {
    }
    REGISTER(0x00) = (unsigned char)*text;
  }
}

void trib_console_number(uint64_t number) {
  char digits[21];
  char* at = digits + sizeof digits - 1;
  *at = 0;
  do {
    *--at = (char)('0' + number % 10);
    number /= 10;
  } while (number > 0);
  trib_console_text(at);
}

void trib_console_line(const char* name, uint64_t number) {
  trib_console_text(name);
  trib_console_text(" ");
  trib_console_number(number);
  trib_console_text("\n");
}
