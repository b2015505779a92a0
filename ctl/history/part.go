package history

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// part is a file of blocks. Its blocks and its size change under the store's lock only; the file is
// read by anyone, and once it is closed reads fail with os.ErrClosed.
type part struct {
	path   string
	file   *os.File
	size   int64
	blocks []*block
	names  uint32 // keys that it has numbered
	begun  int64  // hour of its first block; -1: it has none
	last   int64  // the latest hour of its blocks
}

const partSuffix = ".part"

// makePart makes an empty part whose name sorts after those before it.
func makePart(dir string, hour, serial int64) (*part, error) {
	name := fmt.Sprintf("%08d-%s%s", serial, time.Unix(hour*3600, 0).UTC().Format("2006-01-02T15"), partSuffix)
	path := filepath.Join(dir, name)
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o640)
	if err != nil {
		return nil, err
	}
	p := &part{path: path, file: file, begun: -1}
	begin := appendFrame(nil, frameBegin, magic, len(magic))
	if err := p.write(begin); err != nil {
		p.remove()
		return nil, err
	}
	p.size = int64(len(begin))
	return p, syncDir(dir)
}

// write appends bytes, without counting them, and waits until they are on disk. What could not be
// written whole is taken back.
func (p *part) write(data []byte) error {
	_, err := p.file.WriteAt(data, p.size)
	if err == nil {
		err = syncFile(p.file)
	}
	if err != nil {
		return errors.Join(err, p.file.Truncate(p.size))
	}
	return nil
}

func (p *part) remove() {
	p.file.Close()
	os.Remove(p.path)
}

// note adds a block that is in the file.
func (p *part) note(b *block) {
	if p.begun < 0 {
		p.begun, p.last = b.hour, b.hour
	}
	p.last = max(p.last, b.hour)
	p.blocks = append(p.blocks, b)
}

// scanPart reads a part as far as it is good and returns how far that is. named is called for every
// key, held for every key of a block.
func scanPart(path string, named func(*part, uint32, Key) error, held func(id uint32, hour int64) error) (*part, int64, error) {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, 0, err
	}
	p := &part{path: path, file: file, begun: -1}
	good, err := scan(file, func(f *frame) error {
		switch f.kind {
		case frameNames:
			return eachName(f.covered, func(id uint32, k Key) error {
				p.names = max(p.names, id+1)
				return named(p, id, k)
			})
		case frameBlock:
			var ids []uint32
			b, err := parseBlock(f, func(id uint32) error { ids = append(ids, id); return nil })
			if err != nil {
				return err
			}
			p.note(b)
			for _, id := range ids {
				if err := held(id, b.hour); err != nil {
					return err
				}
			}
			return nil
		}
		return errMalformed
	})
	p.size = good
	return p, good, err
}

// scan calls do for every frame after the first and returns where the last good one ends.
func scan(file *os.File, do func(*frame) error) (int64, error) {
	info, err := file.Stat()
	if err != nil {
		return 0, err
	}
	at, err := checkBegin(file, info.Size())
	if err != nil {
		return 0, err
	}
	for {
		f, err := readFrame(file, at, info.Size())
		if err == io.EOF {
			return at, nil
		}
		if err == nil {
			err = do(f)
		}
		if err != nil {
			return at, err
		}
		at = f.end()
	}
}

// syncFile waits until a file is on disk. Tests of other things do without.
var syncFile = (*os.File).Sync

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
