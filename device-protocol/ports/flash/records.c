#include "device-protocol/ports/flash/records.h"

#include <string.h>

#include "device-protocol/ports/flash/crc32.h"

enum {
  UNIT = TRIB_FLASH_UNIT,
  BANK_MAGIC = 0x4b4e4254, /* "TBNK" */
  HEAD_MAGIC = 0x43455254, /* "TREC" */
  KIND_VALUE = 1,
  KIND_ERASED = 2,
  PIECE = 64 /* bytes moved at a time; whole units */
};

static uint32_t get32(const unsigned char* in) {
  return (uint32_t)in[0] | (uint32_t)in[1] << 8 | (uint32_t)in[2] << 16 | (uint32_t)in[3] << 24;
}

static void put32(unsigned char* out, uint32_t value) {
  for (int i = 0; i < 4; ++i) out[i] = (unsigned char)(value >> 8 * i);
}

static uint32_t bank_bytes(const trib_flash* flash) {
  return flash->sector_bytes * flash->bank_sectors;
}

/* Of an entry with so many bytes: head, bytes, tail. */
static uint32_t entry_bytes(uint32_t size) {
  return UNIT + (size + UNIT - 1) / UNIT * UNIT + UNIT;
}

/* Writes an entry's pieces as whole units, with the CRC over all of them on the way. */
typedef struct writer {
  const trib_flash* flash;
  uint32_t at; /* in the area */
  uint32_t crc;
  uint32_t held;
  unsigned char unit[PIECE];
} writer;

static trib_status flush(writer* w) {
  const uint32_t size = (w->held + UNIT - 1) / UNIT * UNIT;
  trib_status status;
  if (size == 0) return TRIB_OK;
  memset(w->unit + w->held, 0xff, size - w->held);
  status = w->flash->program(w->flash->user, w->at, w->unit, size);
  w->at += size;
  w->held = 0;
  return status;
}

static trib_status put(writer* w, const void* data, size_t size) {
  const unsigned char* from = (const unsigned char*)data;
  if (size > 0) w->crc = trib_crc32(w->crc, data, size);
  while (size > 0) {
    const size_t room = PIECE - w->held;
    const size_t take = size < room ? size : room;
    memcpy(w->unit + w->held, from, take);
    w->held += (uint32_t)take;
    from += take;
    size -= take;
    if (w->held == PIECE) {
      const trib_status status = flush(w);
      if (status != TRIB_OK) return status;
    }
  }
  return TRIB_OK;
}

/* What is to become an entry. */
typedef struct content {
  uint32_t record;
  uint32_t kind;
  const void* head;
  size_t head_size;
  const void* body;
  size_t body_size;
} content;

static trib_status write_head(writer* w, uint32_t record, uint32_t kind, uint32_t size) {
  unsigned char head[UNIT];
  put32(head, HEAD_MAGIC);
  put32(head + 4, record | kind << 16);
  put32(head + 8, size);
  put32(head + 12, trib_crc32(0, head, 12));
  return put(w, head, sizeof head);
}

static trib_status write_tail(writer* w) {
  unsigned char tail[UNIT];
  trib_status status;
  memset(tail, 0xff, sizeof tail);
  put32(tail, w->crc);
  put32(tail + 4, ~w->crc);
  status = flush(w); /* fills up: the tail is a unit of its own */
  if (status == TRIB_OK) status = put(w, tail, sizeof tail);
  return status == TRIB_OK ? flush(w) : status;
}

static trib_status write_entry(const trib_flash* flash, uint32_t at, const content* what) {
  writer w = {flash, at, 0, 0, {0}};
  trib_status status =
      write_head(&w, what->record, what->kind, (uint32_t)(what->head_size + what->body_size));
  if (status == TRIB_OK) status = put(&w, what->head, what->head_size);
  if (status == TRIB_OK) status = put(&w, what->body, what->body_size);
  return status == TRIB_OK ? write_tail(&w) : status;
}

static trib_status copy_entry(const trib_flash* flash, uint32_t from, uint32_t to, uint32_t size) {
  unsigned char piece[PIECE];
  while (size > 0) {
    const uint32_t take = size < PIECE ? size : (uint32_t)PIECE;
    trib_status status = flash->read(flash->user, from, piece, take);
    if (status == TRIB_OK) status = flash->program(flash->user, to, piece, take);
    if (status != TRIB_OK) return status;
    from += take;
    to += take;
    size -= take;
  }
  return TRIB_OK;
}

static trib_status write_bank_header(const trib_flash* flash, uint32_t at, uint32_t sequence) {
  unsigned char header[UNIT];
  memset(header, 0xff, sizeof header);
  put32(header, BANK_MAGIC);
  put32(header + 4, sequence);
  put32(header + 8, trib_crc32(0, header, 8));
  return flash->program(flash->user, at, header, sizeof header);
}

static trib_status erase_bank(const trib_flash* flash, uint32_t bank) {
  for (uint32_t i = 0; i < flash->bank_sectors; ++i) {
    const trib_status status =
        flash->erase(flash->user, bank * bank_bytes(flash) + i * flash->sector_bytes);
    if (status != TRIB_OK) return status;
  }
  return TRIB_OK;
}

/* Live records but the one that is replaced, then its new entry, then the header: at that instant
 * the new bank is the one in use. */
static trib_status move_on(trib_flash_records* records, const content* what) {
  const trib_flash* flash = records->flash;
  trib_flash_records next = *records;
  const uint32_t old_base = records->bank * bank_bytes(flash);
  uint32_t base;
  trib_status status;
  next.bank = records->sequence == 0 ? 0 : (records->bank + 1) % flash->banks;
  next.sequence = records->sequence + 1;
  next.end = UNIT;
  base = next.bank * bank_bytes(flash);
  status = erase_bank(flash, next.bank);
  for (uint32_t i = 1; i < TRIB_FLASH_RECORDS && status == TRIB_OK; ++i) {
    const uint32_t size = entry_bytes(records->size[i]);
    if (records->at[i] == 0 || (what && i == what->record)) continue;
    if (next.end + size > bank_bytes(flash)) return TRIB_STORAGE;
    status = copy_entry(flash, old_base + records->at[i], base + next.end, size);
    next.at[i] = next.end;
    next.end += size;
  }
  if (status == TRIB_OK && what) {
    const uint32_t size = (uint32_t)(what->head_size + what->body_size);
    next.at[what->record] = 0;
    next.size[what->record] = size;
    if (what->kind == KIND_VALUE) {
      if (next.end + entry_bytes(size) > bank_bytes(flash)) return TRIB_STORAGE;
      status = write_entry(flash, base + next.end, what);
      next.at[what->record] = next.end;
      next.end += entry_bytes(size);
    }
  }
  if (status == TRIB_OK) status = write_bank_header(flash, base, next.sequence);
  if (status == TRIB_OK) *records = next;
  return status;
}

static trib_status append(trib_flash_records* records, const content* what) {
  const trib_flash* flash = records->flash;
  const uint32_t size = (uint32_t)(what->head_size + what->body_size);
  const uint32_t at = records->end;
  trib_status status;
  if (what->head_size + what->body_size > bank_bytes(flash)) return TRIB_STORAGE;
  if (entry_bytes(size) > bank_bytes(flash) - at) return move_on(records, what);
  status = write_entry(flash, records->bank * bank_bytes(flash) + at, what);
  if (status != TRIB_OK) {
    records->end = bank_bytes(flash); /* what is there now is not known */
    return status;
  }
  records->end = at + entry_bytes(size);
  records->at[what->record] = what->kind == KIND_VALUE ? at : 0;
  records->size[what->record] = size;
  return TRIB_OK;
}

static bool is_erased(const unsigned char unit[UNIT]) {
  for (int i = 0; i < UNIT; ++i) {
    if (unit[i] != 0xff) return false;
  }
  return true;
}

/* Whether the entry at `at` (in the area) is whole. */
static trib_status check_entry(const trib_flash* flash, uint32_t at, uint32_t size, bool* whole) {
  const uint32_t tail_at = at + entry_bytes(size) - UNIT;
  unsigned char piece[PIECE];
  unsigned char tail[UNIT];
  uint32_t left = UNIT + size;
  uint32_t crc = 0;
  trib_status status = TRIB_OK;
  while (left > 0 && status == TRIB_OK) {
    const uint32_t take = left < PIECE ? left : (uint32_t)PIECE;
    status = flash->read(flash->user, at, piece, take);
    crc = trib_crc32(crc, piece, take);
    at += take;
    left -= take;
  }
  if (status == TRIB_OK) status = flash->read(flash->user, tail_at, tail, sizeof tail);
  *whole = status == TRIB_OK && get32(tail) == crc && get32(tail + 4) == ~crc;
  return status;
}

/* Walks the bank's log. After a head that power cut short nothing can follow: the bank counts as full. */
static trib_status scan(trib_flash_records* records) {
  const trib_flash* flash = records->flash;
  const uint32_t base = records->bank * bank_bytes(flash);
  uint32_t at = UNIT;
  memset(records->at, 0, sizeof records->at);
  records->end = bank_bytes(flash);
  while (bank_bytes(flash) - at >= 2 * UNIT) {
    unsigned char head[UNIT];
    uint32_t record;
    uint32_t size;
    bool whole;
    trib_status status = flash->read(flash->user, base + at, head, sizeof head);
    if (status != TRIB_OK) return status;
    if (is_erased(head)) break;
    record = get32(head + 4) & 0xffff;
    size = get32(head + 8);
    if (get32(head) != HEAD_MAGIC || get32(head + 12) != trib_crc32(0, head, 12) || record == 0 ||
        record >= TRIB_FLASH_RECORDS || size > bank_bytes(flash) ||
        entry_bytes(size) > bank_bytes(flash) - at) {
      return TRIB_OK;
    }
    status = check_entry(flash, base + at, size, &whole);
    if (status != TRIB_OK) return status;
    if (whole) {
      records->at[record] = get32(head + 4) >> 16 == KIND_VALUE ? at : 0;
      records->size[record] = size;
    }
    at += entry_bytes(size);
  }
  records->end = at;
  return TRIB_OK;
}

static trib_status read_sequence(const trib_flash* flash, uint32_t bank, uint32_t* sequence) {
  unsigned char header[UNIT];
  const trib_status status =
      flash->read(flash->user, bank * bank_bytes(flash), header, sizeof header);
  *sequence = 0;
  if (status == TRIB_OK && get32(header) == BANK_MAGIC &&
      get32(header + 8) == trib_crc32(0, header, 8)) {
    *sequence = get32(header + 4);
  }
  return status;
}

trib_status trib_flash_mount(trib_flash_records* records, const trib_flash* flash) {
  memset(records, 0, sizeof *records);
  records->flash = flash;
  if (flash->banks < 2 || flash->bank_sectors == 0 || flash->sector_bytes < 2 * UNIT ||
      flash->sector_bytes % UNIT != 0 ||
      flash->sector_bytes > UINT32_MAX / flash->bank_sectors / flash->banks) {
    return TRIB_BAD_ARGUMENT;
  }
  for (uint32_t i = 0; i < flash->banks; ++i) {
    uint32_t sequence;
    const trib_status status = read_sequence(flash, i, &sequence);
    if (status != TRIB_OK) return status;
    if (sequence > records->sequence) {
      records->sequence = sequence;
      records->bank = i;
    }
  }
  return records->sequence == 0 ? move_on(records, NULL) : scan(records);
}

static bool is_there(const trib_flash_records* records, uint32_t record) {
  return record > 0 && record < TRIB_FLASH_RECORDS && records->at[record] != 0;
}

trib_status trib_flash_load(const trib_flash_records* records, uint32_t record, size_t offset,
                            void* out, size_t capacity, size_t* size) {
  const trib_flash* flash = records->flash;
  uint32_t from;
  uint32_t take;
  *size = 0;
  if (!is_there(records, record)) return TRIB_NOT_FOUND;
  if (offset >= records->size[record]) return TRIB_OK;
  from = records->bank * bank_bytes(flash) + records->at[record] + UNIT + (uint32_t)offset;
  take = records->size[record] - (uint32_t)offset;
  if (take > capacity) take = (uint32_t)capacity;
  if (flash->read(flash->user, from, out, take) != TRIB_OK) return TRIB_STORAGE;
  *size = take;
  return TRIB_OK;
}

trib_status trib_flash_save(trib_flash_records* records, uint32_t record, const void* head,
                            size_t head_size, const void* body, size_t body_size) {
  const content what = {record, KIND_VALUE, head, head_size, body, body_size};
  if (record == 0 || record >= TRIB_FLASH_RECORDS) return TRIB_BAD_ARGUMENT;
  return append(records, &what) == TRIB_OK ? TRIB_OK : TRIB_STORAGE;
}

trib_status trib_flash_erase(trib_flash_records* records, uint32_t record) {
  const content what = {record, KIND_ERASED, NULL, 0, NULL, 0};
  if (!is_there(records, record)) return TRIB_OK;
  return append(records, &what) == TRIB_OK ? TRIB_OK : TRIB_STORAGE;
}
