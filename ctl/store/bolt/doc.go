// Package bolt keeps the state of a store in one bbolt file, locked against other processes.
//
// The file has a bucket for each kind of record (key: ID), for rules one of their own, so that a
// changed rule of a large filter is one small write; and buckets for events (key: sequence number,
// 8 bytes, big-endian) and client tokens. Every value begins with a CRC-32C over key and content
// (4 bytes, big-endian), so that damage is found when the file is loaded, not when it hurts.
package bolt
