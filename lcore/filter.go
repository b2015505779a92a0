package lcore

/*
#cgo LDFLAGS: -lpcap
#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof(struct bpf_insn) == 8, "instructions are copied as they are");

// Compile for Ethernet frames. Returns 0, or -1 with the reason in error, PCAP_ERRBUF_SIZE bytes.
static int compile(const char *text, int snap, struct bpf_program *program, char *error)
{
	pcap_t *dead = pcap_open_dead(DLT_EN10MB, snap);
	int rc;

	if (dead == NULL) {
		strcpy(error, "no memory");
		return -1;
	}
	rc = pcap_compile(dead, program, text, 1, PCAP_NETMASK_UNKNOWN);
	if (rc != 0)
		strcpy(error, pcap_geterr(dead));
	pcap_close(dead);
	return rc;
}
*/
import "C"

import (
	"errors"
	"fmt"
	"strings"
	"unsafe"
)

// MaxFilter is how long the text of a filter may be, bytes.
const MaxFilter = 4096

// instruction is one of a classic BPF program: struct bpf_insn, and struct sock_filter too.
type instruction struct {
	code   uint16
	jt, jf uint8
	k      uint32
}

// compileFilter turns a filter in the syntax of pcap-filter(7) into a program that the workers may run;
// nil: the text is blank, every frame is wanted. Names of hosts in it are looked up, which may take
// seconds.
func compileFilter(text string) ([]instruction, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	if len(text) > MaxFilter {
		return nil, fmt.Errorf("the filter has %d bytes: at most %d are possible", len(text), MaxFilter)
	}
	if strings.ContainsRune(text, 0) {
		return nil, errors.New("the filter has a zero byte in it: it must be text as tcpdump takes it")
	}
	line := C.CString(text)
	defer C.free(unsafe.Pointer(line))
	reason := (*C.char)(C.calloc(1, C.PCAP_ERRBUF_SIZE))
	defer C.free(unsafe.Pointer(reason))
	var program C.struct_bpf_program
	if C.compile(line, MaxCaptureSnap, &program, reason) != 0 {
		return nil, fmt.Errorf("the filter %q is not one that tcpdump takes (%s); see pcap-filter(7)", text, C.GoString(reason))
	}
	defer C.pcap_freecode(&program)
	all := unsafe.Slice((*instruction)(unsafe.Pointer(program.bf_insns)), int(program.bf_len))
	if err := checkProgram(all); err != nil {
		return nil, fmt.Errorf("the filter %q cannot be used: %w", text, err)
	}
	return append([]instruction(nil), all...), nil
}

// Classes, modes and operations of instructions (linux/bpf_common.h, linux/filter.h).
const (
	bpfLD, bpfLDX, bpfST, bpfSTX, bpfALU, bpfJMP, bpfRET, bpfMISC = 0, 1, 2, 3, 4, 5, 6, 7

	bpfH, bpfB                                     = 0x08, 0x10
	bpfIMM, bpfABS, bpfIND, bpfMEM, bpfLEN, bpfMSH = 0x00, 0x20, 0x40, 0x60, 0x80, 0xa0
	bpfK, bpfX, bpfA                               = 0x00, 0x08, 0x10
	bpfDIV, bpfLSH, bpfRSH, bpfNEG, bpfMOD, bpfXOR = 0x30, 0x60, 0x70, 0x80, 0x90, 0xa0
	bpfJA, bpfJSET                                 = 0x00, 0x40
	bpfTAX, bpfTXA                                 = 0x00, 0x80

	bpfAside           = 0xfffff000 // SKF_AD_OFF: loads from there on are not of the frame
	bpfWords           = 16         // of scratch memory
	bpfMaxInstructions = 4096       // as in the kernel
)

// checkProgram refuses what the interpreter of the workers cannot take: its errors would be theirs.
func checkProgram(program []instruction) error {
	if n := len(program); n == 0 || n > bpfMaxInstructions {
		return fmt.Errorf("its program has %d instructions: 1 to %d are possible", n, bpfMaxInstructions)
	}
	for at, i := range program {
		if !i.known() {
			return fmt.Errorf("instruction %d has the code %#x, which the gateway does not know", at, i.code)
		}
		if i.class() == bpfLD && i.code&0xe0 == bpfABS && i.k >= bpfAside {
			return errors.New("it asks for what a live kernel interface alone knows, as inbound and ifname do")
		}
		if !i.inRange(len(program) - at - 1) {
			return fmt.Errorf("instruction %d, %#x %d %d %d, leads out of the program or its memory, divides by 0 or shifts too far", at, i.code, i.jt, i.jf, i.k)
		}
	}
	if program[len(program)-1].class() != bpfRET {
		return errors.New("its program does not end with a return")
	}
	return nil
}

func (i *instruction) class() uint16 { return i.code & 0x07 }

// known tells codes that the interpreter has.
func (i *instruction) known() bool {
	mode := i.code &^ 0x07
	switch i.class() {
	case bpfLD:
		switch mode &^ 0x18 {
		case bpfABS, bpfIND:
			return mode&0x18 != 0x18
		}
		return mode == bpfIMM || mode == bpfLEN || mode == bpfMEM
	case bpfLDX:
		return mode == bpfIMM || mode == bpfLEN || mode == bpfMEM || mode == bpfMSH|bpfB
	case bpfST, bpfSTX:
		return mode == 0
	case bpfALU:
		return mode&^bpfX <= bpfXOR && mode != bpfNEG|bpfX
	case bpfJMP:
		return mode == bpfJA || mode&^bpfX != bpfJA && mode&^bpfX <= bpfJSET
	case bpfRET:
		return mode == bpfK || mode == bpfA
	}
	return mode == bpfTAX || mode == bpfTXA
}

// inRange tells operands that lead nowhere else; so many instructions follow.
func (i *instruction) inRange(left int) bool {
	mode := i.code &^ 0x07
	switch i.class() {
	case bpfLD, bpfLDX:
		return mode != bpfMEM || i.k < bpfWords
	case bpfST, bpfSTX:
		return i.k < bpfWords
	case bpfALU:
		switch mode {
		case bpfDIV | bpfK, bpfMOD | bpfK:
			return i.k != 0
		case bpfLSH | bpfK, bpfRSH | bpfK:
			return i.k < 32
		}
	case bpfJMP:
		if mode == bpfJA {
			return uint64(i.k) < uint64(left)
		}
		return int(max(i.jt, i.jf)) < left
	}
	return true
}
