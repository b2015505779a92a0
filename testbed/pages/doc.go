// Package pages finds the commands in the pages of the tree (README.md and docs/*.md), and its tests run them: against a daemon
// of their own where the page says so, else as far as a shell that carries nothing out can judge them.
//
// A block of commands has a mark in front of it, an HTML comment that readers do not see:
//
//	<!-- run: gateway -->        its commands are run, in the order of the page, against a daemon that runs
//	<!-- run: start -->          the same, in the background: the block starts the daemon of the page
//	<!-- run: gateway; before: COMMANDS -->   the same, with commands in front that the page does not show
//	<!-- run: TestLive -->       a test of that name does what the block says
//	<!-- run: packaging/test/run.sh -->       that program runs the commands of the page
//	<!-- needs: network cards -->             they are not run, for want of what is named
//	<!-- file: gateway.toml -->  the block is a file of the page, which is there for what is run
//
// Blocks without commands need no mark: output, drawings, parts of files.
package pages
