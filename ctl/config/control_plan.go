package config

import "fmt"

// String is what the plan says of the control socket.
func (c Ctl) String() string {
	if c.Socket == "" {
		return "none: resources cannot be changed while the gateway runs"
	}
	return fmt.Sprintf("%s, mode %04o, admin group %s, reader group %s", c.Socket, c.Mode, dash(c.AdminGroup), dash(c.ReaderGroup))
}

// String is what the plan says of the state.
func (s State) String() string {
	if s.Path == "" {
		return "memory only"
	}
	after := "forward once the resources are in force"
	if s.ForwardAfter > 0 {
		after = fmt.Sprintf("forward after %v at the latest", s.ForwardAfter)
	}
	return fmt.Sprintf("%s, on damage %s, %s", s.Path, s.OnDamage, after)
}

func (c *Config) controlNotices() (notices []string) {
	if c.Ctl.Socket != "" && c.State.Path == "" {
		notices = append(notices, c.File+": there is no [state] section, so resources live in memory only and changes made over the socket end with the gateway; add [state] to keep them")
	}
	if c.Ctl.Socket != "" && c.Ctl.Mode&0o006 != 0 {
		notices = append(notices, fmt.Sprintf("%s[ctl]: mode %04o lets every user connect to the socket, though only members of the groups are answered; use 0660 to keep others out",
			c.Ctl.src.Position("mode"), c.Ctl.Mode))
	}
	return notices
}
