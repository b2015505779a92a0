// Package daemon runs the real mirrorgw program in tests.
//
// A test package that uses it has a TestMain that removes the built program in the end:
//
//	func TestMain(m *testing.M) { os.Exit(daemon.Main(m)) }
//
// and a test copies its files into a directory of its own and calls
//
//	result := daemon.Run(t, dir, "--config", "gateway.toml", "--apply", "resources.toml",
//		"--until-idle", "500ms", "--report", "report.json")
//
// The program is built once per test binary. A run never outlives its test: it is ended, with
// everything that it started, after Timeout.
package daemon
