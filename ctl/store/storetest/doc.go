// Package storetest opens stores for tests: in memory, with a gateway of one wire and one tunnel port.
package storetest
