// Package generator is the process that feeds a gateway under test: it sends frames into the gateway's
// first wire port by shared memory (net_memif), receives them from the second one, and tells what
// became of them.
//
// The bench starts itself a second time for it (Main) and steers that process over its standard input
// and output, one JSON document a line (Process). It is a process of its own because the
// gateway under test is the whole daemon, and because EAL can be initialised only once in one.
package generator
