package browser

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
)

// patience is how long one command, and one step of a test, may take. The machine may be busy.
const patience = time.Minute

// message is what passes over the pipes: a command, its reply or an event.
// https://chromedevtools.github.io/devtools-protocol/
type message struct {
	ID      int             `json:"id,omitempty"`
	Session string          `json:"sessionId,omitempty"`
	Method  string          `json:"method,omitempty"`
	Params  json.RawMessage `json:"params,omitempty"`
	Result  json.RawMessage `json:"result,omitempty"`
	Error   *struct {
		Message string `json:"message"`
	} `json:"error,omitempty"`
}

// conn speaks the DevTools protocol: messages in JSON, each ended by a zero byte.
type conn struct {
	mu      sync.Mutex
	to      io.WriteCloser
	last    int
	waiting map[int]chan message
	events  map[string]func(method string, params json.RawMessage) // by session; run by the reader, one at a time
	gone    chan struct{}                                          // closed when the browser has ended
}

func newConn(to io.WriteCloser, from io.Reader) *conn {
	c := &conn{to: to, waiting: map[int]chan message{}, events: map[string]func(string, json.RawMessage){}, gone: make(chan struct{})}
	go c.read(bufio.NewReader(from))
	return c
}

func (c *conn) read(from *bufio.Reader) {
	defer close(c.gone)
	for {
		text, err := from.ReadBytes(0)
		if err != nil {
			return
		}
		var m message
		if json.Unmarshal(text[:len(text)-1], &m) != nil {
			return
		}
		c.mu.Lock()
		reply, event := c.waiting[m.ID], c.events[m.Session]
		delete(c.waiting, m.ID)
		c.mu.Unlock()
		switch {
		case m.ID != 0 && reply != nil:
			reply <- m
		case m.ID == 0 && event != nil:
			event(m.Method, m.Params)
		}
	}
}

// listen has the events of a session handed to take, which must not call the browser.
func (c *conn) listen(session string, take func(method string, params json.RawMessage)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.events[session] = take
}

var errGone = errors.New("the browser has ended")

// arguments are the parameters of a command.
type arguments map[string]any

// call sends a command and decodes its result, unless result is nil.
func (c *conn) call(session, method string, params arguments, result any) error {
	reply, err := c.send(session, method, params)
	if err != nil {
		return err
	}
	select {
	case m := <-reply:
		if m.Error != nil {
			return fmt.Errorf("%s: %s", method, m.Error.Message)
		}
		if result == nil {
			return nil
		}
		return json.Unmarshal(m.Result, result)
	case <-c.gone:
		return errGone
	case <-time.After(patience):
		return fmt.Errorf("%s: no answer in %s", method, patience)
	}
}

// send sends a command; its reply will come through the channel.
func (c *conn) send(session, method string, params arguments) (chan message, error) {
	encoded, err := json.Marshal(params)
	if err != nil {
		return nil, err
	}
	if params == nil {
		encoded = nil
	}
	reply := make(chan message, 1)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last++
	text, err := json.Marshal(message{ID: c.last, Session: session, Method: method, Params: encoded})
	if err != nil {
		return nil, err
	}
	c.waiting[c.last] = reply
	if _, err := c.to.Write(append(text, 0)); err != nil {
		return nil, errGone
	}
	return reply, nil
}
