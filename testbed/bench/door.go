package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/client"
)

// doorName is what --only calls the rows of the two doors.
const doorName = "door"

const (
	doorClients  = 8
	doorSessions = controlSources // one for each interface
	doorPage     = 1000           // sessions of a page, the most that EC2 gives
)

// doorClient is a client of one of the doors. Its calls follow each other.
type doorClient interface {
	// create makes the session of the i-th source.
	create(ctx context.Context, i int) error
	// page asks for sessions, from the start where token is empty, and returns how many came and the token of the next
	// page; empty: that was the last.
	page(ctx context.Context, token string) (n int, next string, err error)
	close()
}

// door is a way to the same resources.
type door struct {
	name   string
	client func(ctx context.Context, l *controlLife) (doorClient, error)
}

// measureDoors measures how fast sessions are made by 8 clients, each waiting for its answers, and how fast all are told:
// through the AWS endpoint, beside the control socket.
func (b *bench) measureDoors(ctx context.Context) (_ []row, err error) {
	release, err := confine()
	if err != nil {
		return nil, fmt.Errorf("the clients cannot be kept off the worker's CPU: %w", err)
	}
	defer func() { err = errors.Join(err, release()) }()
	rows := newDoorRows()
	for _, d := range doors() {
		dir := filepath.Join(b.dir, doorName)
		seen, note, err := b.measureDoor(ctx, dir, d)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", d.name, err)
		}
		rows.note(d.name, seen, note)
	}
	return rows.list(), nil
}

// measureDoor is one life of a gateway whose sessions are made through one door.
func (b *bench) measureDoor(ctx context.Context, dir string, d door) (seen doorFigures, note string, err error) {
	if err := prepareDoor(dir); err != nil {
		return seen, "", err
	}
	defer os.RemoveAll(dir)
	l, err := b.liveControl(ctx, dir)
	if err != nil {
		return seen, "", err
	}
	defer l.cancel()
	if _, err := l.apply(ctx, doorTOML(doorSessions)); err != nil {
		return seen, "", err
	}
	clients := make([]doorClient, doorClients)
	for i := range clients {
		if clients[i], err = d.client(ctx, l); err != nil {
			return seen, "", err
		}
		defer clients[i].close()
	}
	if seen.created, err = createAll(ctx, clients); err != nil {
		return seen, "", err
	}
	if seen.pages, err = readAll(ctx, clients[0]); err != nil {
		return seen, "", err
	}
	fmt.Printf("%-14s %-7s %6.0f sessions a second, answered in %.1f ms (median), %.1f ms (p99); a page of %d in %.1f ms\n", doorName, d.name,
		seen.created.perSecond(), median(seen.created.latencies), percentile(seen.created.latencies, 99), doorPage, median(seen.pages))
	r, err := l.stop()
	if err != nil {
		return seen, "", err
	}
	return seen, judgeForwarding(r), nil
}

// doorFigures are what one door showed.
type doorFigures struct {
	created answers
	pages   []float64 // milliseconds of each page
}

// createAll has the clients make all sessions: the j-th of n those of the sources j, j+n, j+2n and so on.
func createAll(ctx context.Context, clients []doorClient) (all answers, err error) {
	each, faults := make([]answers, len(clients)), make([]error, len(clients))
	var working sync.WaitGroup
	for j, c := range clients {
		working.Add(1)
		go func() {
			defer working.Done()
			for i := j; i < doorSessions && faults[j] == nil; i += len(clients) {
				began := time.Now()
				faults[j] = c.create(ctx, i)
				each[j].add(began, time.Now())
			}
		}()
	}
	working.Wait()
	for _, a := range each {
		all.join(a)
	}
	return all, errors.Join(faults...)
}

// readAll times the pages of five readings of all sessions.
func readAll(ctx context.Context, c doorClient) (pages []float64, err error) {
	for range 5 {
		sessions := 0
		for token, more := "", true; more; more = token != "" {
			began := time.Now()
			n, next, err := c.page(ctx, token)
			if err != nil {
				return nil, err
			}
			pages = append(pages, milliseconds(time.Since(began)))
			sessions, token = sessions+n, next
		}
		if sessions != doorSessions {
			return nil, fmt.Errorf("the pages have %d sessions, want %d", sessions, doorSessions)
		}
	}
	return pages, nil
}

// prepareDoor writes the files of a gateway with both doors and a state on disk.
func prepareDoor(dir string) error {
	if err := prepareControl(dir); err != nil {
		return err
	}
	listen, err := freeAddress()
	if err != nil {
		return err
	}
	config := controlTOML() + fmt.Sprintf("\n[aws]\nlisten = %q\nkeys = \"keys.toml\"\nrequests_per_second = 0\n", listen)
	keys := fmt.Sprintf("[[key]]\nid = %q\nsecret = %q\n", doorKey, doorSecret)
	return errors.Join(os.WriteFile(filepath.Join(dir, gatewayFile), []byte(config), 0o644),
		os.WriteFile(filepath.Join(dir, "keys.toml"), []byte(keys), 0o600),
		os.WriteFile(filepath.Join(dir, endpointFile), []byte("http://"+listen), 0o644))
}

// freeAddress is one of loopback that nobody listens on.
func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}

// doorTOML has n interfaces, one target and a filter of ten rules, and no session.
func doorTOML(n int) string {
	var text strings.Builder
	text.WriteString(targetTOML())
	for i := range n {
		host := source(i)
		text.WriteString(interfaceTOML(host.Name, host.MAC.String(), host.IPv4.String()))
	}
	fmt.Fprintf(&text, "[[filter]]\nname = %q\n%s\n", filterName(0), scaleRules(0))
	return text.String()
}

// socketClient is a client of the control socket.
type socketClient struct{ *client.Client }

func newSocketClient(_ context.Context, l *controlLife) (doorClient, error) {
	return socketClient{client.New(l.client.Socket())}, nil
}

func (c socketClient) create(ctx context.Context, i int) error {
	_, err := c.Sessions().Create(ctx, api.TrafficMirrorSession{Common: api.Common{Name: "session-" + source(i).Name},
		NetworkInterfaceID: source(i).Name, TrafficMirrorTargetID: "ids-1", TrafficMirrorFilterID: filterName(0), SessionNumber: 1})
	return err
}

func (c socketClient) page(ctx context.Context, token string) (int, string, error) {
	page, err := c.Sessions().Page(ctx, doorPage, token)
	if err != nil {
		return 0, "", err
	}
	return len(page.Items), page.NextToken, nil
}

func (c socketClient) close() { c.Close() }
