// Package testbed judges the whole gateway from outside.
//
// This directory itself holds only tests of the real daemon: the golden cases of testbed/cases,
// real captures and frames of any size, what other programs read from the copies, a new user's
// mistakes, signals and threads, and live traffic through network namespaces. Fixtures are in
// testbed/traffic, the way to run the daemon in testbed/daemon, the demo in testbed/demo, the
// benchmark in testbed/bench. Nothing of the product imports anything below this directory.
package testbed
