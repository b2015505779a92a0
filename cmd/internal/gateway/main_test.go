package gateway

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"
)

// childThing is set in a copy of the test binary that only takes a lock and waits to be killed.
const (
	childThing = "GATEWAY_TEST_LOCK"
	childDir   = "GATEWAY_TEST_DIR"
)

func TestMain(m *testing.M) {
	if thing := os.Getenv(childThing); thing != "" {
		l := &locks{}
		fmt.Println(l.take(os.Getenv(childDir), thing))
		_, _ = io.Copy(io.Discard, os.Stdin) // until the parent lets go
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// holdInChild takes a lock in another process and returns what take said there.
func holdInChild(t *testing.T, dir, thing string) (child *exec.Cmd, said string) {
	t.Helper()
	child = exec.Command(os.Args[0])
	child.Env = append(os.Environ(), childThing+"="+thing, childDir+"="+dir)
	stdin, err := child.StdinPipe() // closed with the child: nobody is left behind
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close()
		_ = child.Wait() // a killed child says so, and a second Wait fails
	})
	said, err = bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return child, said
}
