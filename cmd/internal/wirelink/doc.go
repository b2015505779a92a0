// Package wirelink decides when the link of one side of a wire is taken down because that of the
// other side is, so that the hosts on both sides see what a cable would show them. It is pure: it is
// told what the time is and how the links are, and says what is to be switched.
//
// The rules:
//
//   - A link counts only after it was the same for the port's hold-down time, up and down alike.
//   - Down on one side takes the other side down; up again, or not known any more, lets it go.
//   - Of the two sides of a wire at most one is taken down, so that they cannot hold each other down:
//     a port that was taken down cannot be seen, so it says nothing about its own side.
//   - A port that was let go, or has just started, has the settling time to come up before it counts
//     as down: cards negotiate for seconds.
//   - What cannot be switched is tried again later, but for what the driver cannot do at all.
package wirelink
