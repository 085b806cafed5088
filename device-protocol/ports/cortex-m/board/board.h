/* The board as the programs see it: Arm MPS2 with the FPGA images AN385 (M3), AN386 (M4) or AN505 (M33), which QEMU
 * emulates. A port to other hardware replaces this folder. */
#ifndef TRIBUTARY_PORTS_CORTEX_M_BOARD_H
#define TRIBUTARY_PORTS_CORTEX_M_BOARD_H

#include <stddef.h>
#include <stdint.h>

/* ---- startup.c */
/* The highest number of bytes of stack in use since the last call of trib_stack_paint. */
void trib_stack_paint(void);
size_t trib_stack_used(void);
/* Ends the emulation with this exit code (semihosting). */
void trib_board_exit(int code);
/* Sleeps until an interrupt. */
void trib_board_sleep(void);
/* As power off and on again would, but for memory. */
void trib_board_reset(void);

/* ---- console.c: the first UART */
void trib_console_start(void);
void trib_console_text(const char* text);
void trib_console_number(uint64_t number);
void trib_console_line(const char* name, uint64_t number); /* "name number" */

/* ---- ticks.c: the first timer, which counts the processor's clock */
void trib_ticks_start(void);
/* Ticks since the start; to be read at least once in 170 s. */
uint64_t trib_ticks(void);
uint64_t trib_milliseconds(void);
/* Of a difference of ticks, under `qemu -icount shift=5`: an instruction takes 32 ns there. */
uint64_t trib_instructions(uint64_t ticks);

#endif
