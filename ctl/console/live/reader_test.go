package live

import (
	"bufio"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"
)

// message is an event as a browser dispatches it.
type message struct {
	event, data, id string
}

// reader parses a stream by the rules of the standard (WHATWG HTML 9.2.6), which it knows nothing else of.
type reader struct {
	t        *testing.T
	messages chan message
	close    func()
	retry    chan string
}

func newReader(t *testing.T, body io.Reader, closer func()) *reader {
	r := &reader{t: t, messages: make(chan message, 10000), close: closer, retry: make(chan string, 10)}
	go r.run(body)
	return r
}

func (r *reader) run(body io.Reader) {
	defer close(r.messages)
	lines := bufio.NewReader(body)
	var data strings.Builder
	event, id := "", ""
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return // what is not complete is not dispatched
		}
		line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
		if line == "" {
			if data.Len() > 0 {
				r.messages <- message{event, strings.TrimSuffix(data.String(), "\n"), id}
			}
			event = ""
			data.Reset()
			continue
		}
		field, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch field {
		case "": // a comment
		case "event":
			event = value
		case "data":
			data.WriteString(value + "\n")
		case "id":
			id = value
		case "retry":
			r.retry <- value
		default:
			r.t.Errorf("a line has the field %q: %q", field, line)
		}
	}
}

// next waits for the next event of a name, over others, and reads its data.
func (r *reader) next(event string, into any) message {
	r.t.Helper()
	timeout := time.After(10 * time.Second)
	for {
		select {
		case m, ok := <-r.messages:
			if !ok {
				r.t.Fatalf("the stream ended before %q came", event)
			}
			if m.event != event {
				continue
			}
			if into != nil {
				if err := json.Unmarshal([]byte(m.data), into); err != nil {
					r.t.Fatalf("%s: %v: %s", event, err, m.data)
				}
			}
			return m
		case <-timeout:
			r.t.Fatalf("no %q came", event)
		}
	}
}

// told is a sample as a page reads it.
type told struct {
	Topic  string
	Time   int64
	Values map[string]any
	Lists  map[string][]map[string]any
}
