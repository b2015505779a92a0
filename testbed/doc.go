// Package testbed judges the whole gateway from outside.
//
// This directory itself holds only tests: the golden cases of testbed/cases, run by the real
// daemon. Fixtures are in testbed/traffic, the way to run the daemon in testbed/daemon, the demo
// in testbed/demo. Nothing of the product imports anything below this directory.
package testbed
