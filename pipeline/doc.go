// Package pipeline is what happens to a burst: classify, find sources, match, hold, copy, encap.
//
// The stages are C, in headers that one translation unit (stages.c) includes, so that the
// compiler sees the whole way of a packet. Go lays a rules.Snapshot out in C memory (Program),
// owns that memory, and reads the counters. The package offers the poll loop two functions a
// burst, mgw_decide and mgw_copy; who calls them, and when production is sent in between, is
// lcore's business. Harness takes frames through the very same functions without ports or a poll
// loop: tests, fuzzers and questions ("would this be mirrored?") use it.
//
// A Program is read-only once published, and is freed only after every lcore has let go of it.
// Counters are written by one lcore and read by anyone.
package pipeline

/*
#cgo pkg-config: libdpdk
#cgo CFLAGS: -O3 -Wall -Wextra -Werror -DRTE_FORCE_INTRINSICS
#include "pipe.h"
*/
import "C"

import "embed"

// Headers makes the build of a package that includes our headers depend on their contents: cgo
// does not notice a change outside a package's own folder, the go command notices an embed.
//
//go:embed *.h
var headers embed.FS

// Headers returns the C headers of this package. Its callers are packages that include them.
func Headers() embed.FS { return headers }
