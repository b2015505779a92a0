// Package filewatch notices that files have changed, for those who read them again then: access
// keys, certificates. It looks when it is asked, at most so often; nothing runs in between.
package filewatch
