package bundle

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"mirrorgw/ctl/history"
)

// How much of the history is taken: the hours before its end, of no more files than this.
const (
	historyHours = 3
	historyBytes = 256 << 20
)

// historyKinds are those of the gateway as a whole, by the names that the table gives them.
var historyKinds = []struct {
	kind history.Kind
	name string
}{{history.Gateway, "gateway"}, {history.Port, "port"}, {history.Lcore, "lcore"}, {history.Skips, "skipped"}, {history.Drops, "dropped"}}

func (g *gatherer) historyPiece() piece {
	return piece{"gateway/history.csv", fmt.Sprintf("counters by the minute, the last %d hours", historyHours), g.recentHistory}
}

// recentHistory reads a copy: the files are the daemon's, which has them locked.
func (g *gatherer) recentHistory(ctx context.Context) ([]byte, error) {
	switch {
	case g.cfg == nil:
		return nil, errors.New("the configuration cannot be read, so the history is not known")
	case g.cfg.History.Path == "":
		return nil, errors.New("there is no [history] in the configuration")
	}
	dir, err := os.MkdirTemp("", "mirrorgw-bundle-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	if err := copyNewest(ctx, g.cfg.History.Path, dir); err != nil {
		return nil, err
	}
	store, err := history.Open(history.Options{Dir: dir, Days: 400, MaxBytes: 1 << 40})
	if err != nil {
		return nil, err
	}
	defer store.Close()
	return tabulate(store)
}

// tabulate writes a line for each slot of each series of the gateway.
func tabulate(store *history.Store) ([]byte, error) {
	end := store.Until()
	var b bytes.Buffer
	var faults error
	for _, of := range historyKinds {
		columns := of.kind.Columns()
		fmt.Fprintf(&b, "kind,name,minute,partial,%s\n", strings.Join(columns, ","))
		numbers := make([]int, len(columns))
		for i := range numbers {
			numbers[i] = i
		}
		for _, key := range store.Series(history.Filter{Kind: of.kind, Since: end.Add(-historyHours * time.Hour)}) {
			points, err := store.Points(key, numbers, end.Add(-historyHours*time.Hour), end)
			faults = errors.Join(faults, err)
			for _, p := range points {
				fmt.Fprintf(&b, "%s,%s,%s,%v", of.name, key.Name, p.Time.Format("2006-01-02T15:04Z"), p.Partial)
				for _, v := range p.Values {
					fmt.Fprintf(&b, ",%d", v)
				}
				b.WriteByte('\n')
			}
		}
	}
	return b.Bytes(), faults
}

// copyNewest copies the youngest files of a directory.
func copyNewest(ctx context.Context, from, to string) error {
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	var files []os.FileInfo
	for _, e := range entries {
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() && info.Name() != "lock" && !strings.HasSuffix(info.Name(), ".damaged") {
			files = append(files, info)
		}
	}
	slices.SortFunc(files, func(a, b os.FileInfo) int { return b.ModTime().Compare(a.ModTime()) })
	left := int64(historyBytes)
	for _, file := range files {
		if left -= file.Size(); left < 0 {
			break
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := copyFile(filepath.Join(from, file.Name()), filepath.Join(to, file.Name())); err != nil {
			return err
		}
	}
	return nil
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, io.LimitReader(in, historyBytes))
	return errors.Join(err, out.Close())
}
