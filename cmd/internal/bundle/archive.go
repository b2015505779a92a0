package bundle

import (
	"archive/tar"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// Index says what a bundle has, and what it lacks.
type Index struct {
	Time       time.Time      `json:"time"`
	Version    string         `json:"version"`
	Config     string         `json:"config"`
	Anonymized bool           `json:"anonymized"`
	Removed    map[string]int `json:"removed"` // how often what kind of secret was taken out
	Pieces     []Piece        `json:"pieces"`
}

// Piece is one file of a bundle.
type Piece struct {
	Name         string `json:"name"`
	About        string `json:"about"`
	Bytes        int    `json:"bytes"`
	Truncated    bool   `json:"truncated,omitempty"` // the rest was left out
	Milliseconds int64  `json:"milliseconds"`
	Error        string `json:"error,omitempty"` // why it is not there, or not whole
}

// Failed are the pieces that are not there, or not whole.
func (i *Index) Failed() (list []Piece) {
	for _, p := range i.Pieces {
		if p.Error != "" || p.Truncated {
			list = append(list, p)
		}
	}
	return list
}

// text is the index for people.
func (i *Index) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Support bundle of mirrorgw, gathered %s by mirrorctl %s.\n\n", i.Time.Format(time.RFC3339), i.Version)
	b.WriteString("Secrets are taken out: access keys and their file, private keys, and what is called secret, password or token.\n")
	if i.Anonymized {
		b.WriteString("IP addresses, MAC addresses and the host's name are mapped: what was equal is equal still, addresses of one network\n" +
			"share a network, and MAC addresses keep their vendor. Names and identifiers of resources are as they were.\n")
	} else {
		b.WriteString("Addresses, names and identifiers are as they are on the host.\n")
	}
	b.WriteString("No frame that went through the gateway is in it.\n\n")
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "FILE\tBYTES\tWHAT\tPROBLEM")
	for _, p := range i.Pieces {
		problem := strings.ReplaceAll(strings.TrimSpace(p.Error), "\n", "; ")
		if p.Truncated {
			problem = strings.TrimSpace("cut, too long " + problem)
		}
		fmt.Fprintf(t, "%s\t%d\t%s\t%s\n", p.Name, p.Bytes, p.About, problem)
	}
	t.Flush()
	return b.String()
}

// archive is a compressed tar archive whose files lie in one directory.
type archive struct {
	dir  string
	at   time.Time
	gzip *gzip.Writer
	tar  *tar.Writer
}

func newArchive(w io.Writer, dir string, at time.Time) *archive {
	z := gzip.NewWriter(w)
	return &archive{dir: dir, at: at, gzip: z, tar: tar.NewWriter(z)}
}

func (a *archive) add(name string, data []byte) error {
	header := &tar.Header{Name: a.dir + "/" + name, Mode: 0o600, Size: int64(len(data)), ModTime: a.at, Typeflag: tar.TypeReg, Format: tar.FormatPAX}
	if err := a.tar.WriteHeader(header); err != nil {
		return fmt.Errorf("the bundle cannot be written: %w", err)
	}
	if _, err := a.tar.Write(data); err != nil {
		return fmt.Errorf("the bundle cannot be written: %w", err)
	}
	return nil
}

// finish adds the index, whose errors may quote what programs said, and ends the archive.
func (a *archive) finish(index *Index, clean *scrubber) error {
	for i := range index.Pieces {
		index.Pieces[i].Error = string(clean.clean([]byte(index.Pieces[i].Error)))
	}
	raw, err := json.MarshalIndent(index, "", "  ")
	if err != nil {
		return err
	}
	if err := a.add("INDEX.txt", []byte(index.text())); err != nil {
		return err
	}
	if err := a.add("index.json", raw); err != nil {
		return err
	}
	if err := a.tar.Close(); err != nil {
		return fmt.Errorf("the bundle cannot be written: %w", err)
	}
	if err := a.gzip.Close(); err != nil {
		return fmt.Errorf("the bundle cannot be written: %w", err)
	}
	return nil
}
