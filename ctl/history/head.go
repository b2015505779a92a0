package history

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"os"
	"slices"
)

// frameHead is the second frame of the log of a head: its identity and its hour, 8 bytes each.
const frameHead frameKind = 5

// head is the hour under way. Its rows and its cover change under the store's lock; the log is the
// writer's.
type head struct {
	cover
	id   uint64 // random: the block that it becomes has it, so that it is taken in once
	rows map[*series]*slots

	log     *os.File
	size    int64
	numbers map[*series]uint32 // of the series that the log has named
	fresh   bool               // the log is still to be begun
}

const headName = "head"

func newHead(hour int64, log *os.File) *head {
	return &head{cover: cover{hour: hour}, id: rand.Uint64(), log: log, fresh: true, rows: map[*series]*slots{}, numbers: map[*series]uint32{}}
}

// begin empties the log and writes what it begins with.
func (h *head) begin() error {
	h.size = 0
	clear(h.numbers)
	if err := h.log.Truncate(0); err != nil {
		return err
	}
	var body [16]byte
	binary.LittleEndian.PutUint64(body[0:], h.id)
	binary.LittleEndian.PutUint64(body[8:], uint64(h.hour))
	data := appendFrame(nil, frameBegin, magic, len(magic))
	err := h.write(appendFrame(data, frameHead, body[:], len(body)))
	h.fresh = err != nil
	return err
}

func (h *head) write(data []byte) error {
	_, err := h.log.WriteAt(data, h.size)
	if err == nil {
		err = syncFile(h.log)
	}
	if err != nil {
		return errors.Join(err, h.log.Truncate(h.size))
	}
	h.size += int64(len(data))
	return nil
}

// add takes a minute of the hour into memory.
func (h *head) add(minute int, partial bool, rows []seriesRow) {
	if h.sampled>>minute&1 == 1 {
		partial = true // a restart, or a clock that was set back
	}
	h.sampled |= 1 << minute
	if partial {
		h.partial |= 1 << minute
	}
	for _, row := range rows {
		s := h.rows[row.series]
		if s == nil {
			s = &slots{}
			h.rows[row.series] = s
		}
		s.add(&row.series.key, minute, row.values)
	}
}

// save appends a minute to the log. A minute's frame: varint minute, a byte for partial, and for each
// row uvarint number and set of columns, then a varint for each of them.
func (h *head) save(minute int, partial bool, rows []seriesRow) error {
	var names []byte
	for _, row := range rows {
		if _, named := h.numbers[row.series]; !named {
			id := uint32(len(h.numbers))
			h.numbers[row.series] = id
			names = appendName(names, id, &row.series.key)
		}
	}
	body := []byte{byte(minute), 0}
	if partial {
		body[1] = 1
	}
	for _, row := range rows {
		body = appendRow(body, h.numbers[row.series], row.values)
	}
	var data []byte
	if len(names) > 0 {
		data = appendFrame(data, frameNames, names, len(names))
	}
	err := h.write(appendFrame(data, frameMinute, body, len(body)))
	if err != nil {
		clear(h.numbers) // names may not be there: they are written again
	}
	return err
}

func appendRow(dst []byte, id uint32, values []int64) []byte {
	dst = binary.AppendUvarint(dst, uint64(id))
	var set uint64
	for i, v := range values {
		if v != 0 {
			set |= 1 << i
		}
	}
	dst = binary.AppendUvarint(dst, set)
	for _, v := range values {
		if v != 0 {
			dst = binary.AppendVarint(dst, v)
		}
	}
	return dst
}

// readHead replays a log. known finds or makes the series of a key; nil: there are too many.
func readHead(file *os.File, known func(Key) *series) (*head, int64, error) {
	var h *head
	byID := map[uint32]*series{}
	good, err := scan(file, func(f *frame) error {
		switch {
		case f.kind == frameHead && h == nil && len(f.covered) == 16:
			h = newHead(int64(binary.LittleEndian.Uint64(f.covered[8:])), file)
			h.id = binary.LittleEndian.Uint64(f.covered)
			if h.hour < 0 || h.hour > maxHour {
				return errMalformed
			}
			return nil
		case f.kind == frameNames && h != nil:
			return eachName(f.covered, func(id uint32, k Key) error {
				s := known(k)
				byID[id] = s
				h.numbers[s] = id
				return nil
			})
		case f.kind == frameMinute && h != nil:
			minute, partial, rows, err := parseMinute(f.covered, byID)
			if err == nil {
				h.add(minute, partial, rows)
			}
			return err
		}
		return errMalformed
	})
	if h != nil {
		delete(h.numbers, nil)
		h.size, h.fresh = good, false
	}
	return h, good, err
}

func parseMinute(body []byte, byID map[uint32]*series) (minute int, partial bool, rows []seriesRow, err error) {
	r := reader{rest: body}
	minute, partial = int(r.byte()), r.byte() == 1
	for len(r.rest) > 0 {
		id := r.uvarint()
		s, named := byID[uint32(id)]
		set := r.uvarint()
		values := make([]int64, maxColumns)
		for i := range maxColumns {
			if set>>i&1 == 1 {
				values[i] = r.varint()
			}
		}
		if !named || id >= maxIDs || set>>maxColumns != 0 || slices.ContainsFunc(values, func(v int64) bool { return v < 0 }) {
			return 0, false, nil, errMalformed
		}
		if s != nil {
			rows = append(rows, seriesRow{s, values})
		}
	}
	if r.failed || minute >= hourMinutes {
		return 0, false, nil, errMalformed
	}
	return minute, partial, rows, nil
}
