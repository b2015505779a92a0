package client

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"syscall"
)

// Unreachable says that no daemon could be asked, and what to do.
type Unreachable struct {
	Socket string
	Err    error // of the operating system

	text string
}

// Error returns the sentence.
func (u *Unreachable) Error() string { return u.text }

// Unwrap returns the reason.
func (u *Unreachable) Unwrap() error { return u.Err }

func unreachable(socket string, err error) *Unreachable {
	u := &Unreachable{Socket: socket, Err: err}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		u.text = fmt.Sprintf("there is no socket %s: is mirrorgw running? start it, or name its socket with --socket", socket)
	case errors.Is(err, syscall.ECONNREFUSED):
		u.text = fmt.Sprintf("nobody listens on the socket %s: is mirrorgw running? start it, or name its socket with --socket", socket)
	case errors.Is(err, fs.ErrPermission):
		u.text = fmt.Sprintf("this user may not use the socket %s: is this the user you meant? join the group that owns the socket, or run this as root", socket)
	case errors.Is(err, syscall.EAGAIN):
		u.text = fmt.Sprintf("too many clients wait for the socket %s; try again in a moment", socket)
	case errors.Is(err, syscall.EINVAL):
		u.text = fmt.Sprintf("%s cannot be the path of a socket; name one of at most 107 bytes with --socket", socket)
	default:
		u.text = fmt.Sprintf("the socket %s cannot be reached (%v): is mirrorgw running? start it, or name its socket with --socket", socket, err)
	}
	return u
}

// explain makes a sentence of an error of the HTTP client.
func (c *Client) explain(err error) error {
	var nobody *Unreachable
	var wrapped *url.Error
	switch {
	case errors.As(err, &nobody):
		return nobody
	case errors.Is(err, context.Canceled):
		return context.Canceled
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("the daemon at %s has not answered in time (%w); look at its state and log", c.socket, context.DeadlineExceeded)
	case isLost(err):
		return fmt.Errorf("the daemon at %s closed the connection before it answered (%w); look at what the change did before you repeat it", c.socket, err)
	case errors.As(err, &wrapped):
		err = wrapped.Err
	}
	return fmt.Errorf("the request to %s failed (%w); try again", c.socket, err)
}
