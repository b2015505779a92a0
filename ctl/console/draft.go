package console

import (
	"net/url"
	"slices"
	"sync"
)

// Limits of what the guide keeps: the text of one draft, and how many drafts a log-in has.
const (
	maxDraftBytes = 32 << 10
	maxDrafts     = 4
	draftIDBytes  = 22 // characters of its identifier
)

// draft is a session that somebody is about to create with the guide: what was typed at each step,
// and nothing that the API knows of yet. It ends with the log-in.
type draft struct {
	id string

	mu      sync.Mutex            // held while a request works on it: a form sent twice waits for itself
	typed   map[string]url.Values // by step
	done    map[string]bool       // steps whose values were good when they were left
	faults  map[string][]fault    // by step: what the API said at the end; Field is the API's
	made    []madeThing           // on the way, when something later was refused
	trouble string                // what was not made, and why
	session string                // identifier of what was created; empty: not yet
}

// madeThing is what stays although the session was refused.
type madeThing struct{ Kind, Name, Path string }

func newDraft(id string) *draft {
	return &draft{id: id, typed: map[string]url.Values{}, done: map[string]bool{}, faults: map[string][]fault{}}
}

// newDraftID is for a link that begins the guide.
func newDraftID() string { return token()[:draftIDBytes] }

func isDraftID(id string) bool {
	return len(id) == draftIDBytes && !slices.ContainsFunc([]byte(id), func(c byte) bool {
		return !(c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '-' || c == '_')
	})
}

// draft finds what was begun; nil: nothing is kept by that identifier.
func (s *session) draft(id string) *draft {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range s.drafts {
		if d.id == id {
			return d
		}
	}
	return nil
}

// begin keeps a new draft, in the place of the oldest one where there are too many.
func (s *session) begin(id string) *draft {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range s.drafts {
		if d.id == id {
			return d
		}
	}
	d := newDraft(id)
	if s.drafts = append(s.drafts, d); len(s.drafts) > maxDrafts {
		s.drafts = slices.Delete(s.drafts, 0, 1)
	}
	return d
}

// keep takes what was typed at a step, and reports whether that is short enough.
func (d *draft) keep(step string, values url.Values) bool {
	kept, size := url.Values{}, 0
	for name, all := range values {
		if name == fieldToken || name == fieldDo {
			continue
		}
		kept[name] = all
	}
	for name, others := range d.typed {
		if name != step {
			size += sizeOf(others)
		}
	}
	if size+sizeOf(kept) > maxDraftBytes {
		return false
	}
	d.typed[step] = kept
	return true
}

// sizeOf is about what values take in memory, in bytes.
func sizeOf(values url.Values) (size int) {
	for name, all := range values {
		size += len(name)
		for _, text := range all {
			size += 16 + len(text)
		}
	}
	return size
}
