package lcore

import (
	"testing"

	"mirrorgw/dpdk/dpdktest"
)

func TestMain(m *testing.M) { dpdktest.Main(m, dpdktest.Memory(192)) }
