package cli

import (
	"os"

	"golang.org/x/sys/unix"
)

// ANSI control sequences (ECMA-48, and xterm's for the alternate screen).
const (
	enterScreen = "\x1b[?1049h\x1b[?25l" // another screen, without a cursor
	leaveScreen = "\x1b[?25h\x1b[?1049l"
	toTop       = "\x1b[H"
	clearLine   = "\x1b[K"
	clearBelow  = "\x1b[J"
	boldRed     = "\x1b[1;31m"
	plainAgain  = "\x1b[0m"
)

// Terminal returns the file if it is a terminal, nil otherwise.
func Terminal(file *os.File) *os.File {
	if _, err := unix.IoctlGetTermios(int(file.Fd()), unix.TCGETS); err != nil {
		return nil
	}
	return file
}

// rawKeys makes single key presses readable, without echo, until restore is called. Ctrl-C still
// interrupts; Ctrl-Z does not stop the process, which would leave the screen as it is.
func rawKeys(terminal *os.File) (restore func(), err error) {
	saved, err := unix.IoctlGetTermios(int(terminal.Fd()), unix.TCGETS)
	if err != nil {
		return nil, err
	}
	changed := *saved
	changed.Lflag &^= unix.ICANON | unix.ECHO
	changed.Cc[unix.VMIN], changed.Cc[unix.VTIME] = 1, 0
	changed.Cc[unix.VSUSP] = 0 // _POSIX_VDISABLE
	if err := unix.IoctlSetTermios(int(terminal.Fd()), unix.TCSETS, &changed); err != nil {
		return nil, err
	}
	return func() { _ = unix.IoctlSetTermios(int(terminal.Fd()), unix.TCSETS, saved) }, nil
}

// rows is the height of a terminal.
func rows(terminal *os.File) int {
	size, err := unix.IoctlGetWinsize(int(terminal.Fd()), unix.TIOCGWINSZ)
	if err != nil || size.Row == 0 {
		return 24
	}
	return int(size.Row)
}

// alarm makes text stand out on a terminal, unless NO_COLOR (no-color.org) is set.
func (a *app) alarm(text string) string {
	if a.Screen == nil || a.Getenv("NO_COLOR") != "" {
		return text
	}
	return boldRed + text + plainAgain
}
