// Package watch makes of a capture under way what people look at: rows with decoded frames, and what
// was left out. It takes the capture as the control API gives it to everybody, a pcapng file that
// grows; ctl/console asks for it and shows it.
package watch
