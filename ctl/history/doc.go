// Package history keeps what the gateway counted, minute by minute, in a bounded directory of files:
// the metrics that CloudWatch publishes, and what an overview of the gateway needs.
//
// The words: a series is all numbers of one thing (an instance, a port, a skip reason); its columns
// are the numbers themselves, fixed by the series' kind. A row is what one series counted in one
// minute. The minutes of the hour under way are the head: in memory, and in a log that every minute
// is appended to. An hour that is over becomes a block, column by column, appended to a part; parts
// are deleted whole, the oldest first, when they are too old or when there is too much. A series has
// a step, 1 or 5 minutes: rows of the minutes of a step are added up in one slot.
//
// Instances that share an Auto Scaling group, an image or a type are rolled up when an hour becomes a
// block: sum, lowest, highest and number of samples.
//
// One goroutine adds, any number read. What a reader needs of a block is two small reads of the file,
// outside all locks. Everything on disk is checked when it is read, and what is damaged is set aside
// and told; no file is mapped into memory, so that a damaged disk cannot end the process.
package history
