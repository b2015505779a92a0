// Package audit writes who did what from where, and what came of it, as JSON lines: one for every
// request that changes something and for every one that is refused, of all doors.
//
// A line is in the file before the request is answered, as long as the disk keeps up, so that even
// a daemon that is killed has told what it did. A disk that does not keep up delays an answer
// shortly and never stops the service: lines wait in a bounded queue, and those that find no room
// in it are counted, and told in the file once it can be written again.
package audit
