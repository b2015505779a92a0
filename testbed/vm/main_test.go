package vm

import (
	"os"
	"testing"

	"mirrorgw/testbed/daemon"
)

func TestMain(m *testing.M) { os.Exit(daemon.Main(m)) }
