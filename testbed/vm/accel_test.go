package vm

import (
	"os"
	"regexp"
	"time"
)

// accel is how QEMU runs the guest, and how patient one must be with it.
type accel struct {
	args  []string
	limit time.Duration // of a step in the guest
}

// chooseAccel takes KVM where the processor virtualises and the kernel lets us. A /dev/kvm alone says little: there are
// kernels that offer it for guests made for them only.
func chooseAccel() accel {
	cpu, _ := os.ReadFile("/proc/cpuinfo")
	if kvm, err := os.OpenFile("/dev/kvm", os.O_RDWR, 0); err == nil {
		kvm.Close()
		if regexp.MustCompile(`(?m)^flags\s*:.* (vmx|svm)( |$)`).Match(cpu) {
			return accel{[]string{"-accel", "kvm", "-cpu", "host"}, time.Minute}
		}
	}
	return accel{[]string{"-accel", "tcg,thread=multi", "-cpu", "max"}, 4 * time.Minute}
}
