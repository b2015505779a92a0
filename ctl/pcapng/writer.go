package pcapng

import (
	"encoding/binary"
	"io"
	"time"
)

// Media type of a capture, as Wireshark's own (not registered).
const ContentType = "application/x-pcapng"

// Block types and option codes (sections 4.1 to 4.6).
const (
	blockSection    = 0x0a0d0d0a
	blockInterface  = 1
	blockStatistics = 5
	blockPacket     = 6

	optionEnd     = 0
	optionComment = 1

	sectionHardware, sectionOS, sectionApplication = 2, 3, 4

	interfaceName, interfaceDescription, interfaceResolution, interfaceFilter, interfaceOS = 2, 3, 9, 11, 12

	packetFlags = 2

	statisticsBegan, statisticsEnded, statisticsReceived, statisticsDropped = 2, 3, 4, 5
	statisticsAccepted, statisticsOSDropped, statisticsDelivered            = 6, 7, 8
)

const (
	byteOrderMagic = 0x1a2b3c4d
	linkEthernet   = 1
	nanoseconds    = 9 // a negative power of ten

	// of packetFlags
	inbound  = 1
	outbound = 2
)

// Section says who captured where.
type Section struct {
	Application, Hardware, OS, Comment string // empty: not said
}

// Interface is where packets were captured.
type Interface struct {
	Name, Description, Filter, OS string // empty: not said
	Snap                          uint32 // most bytes of a packet; 0: no limit
}

// Packet is a frame from its Ethernet header on, without FCS.
type Packet struct {
	Interface int // number, in the order of the interfaces
	Time      time.Time
	Length    int    // of the whole frame, bytes
	Data      []byte // of it
	Outbound  bool   // sent, else received
	Comment   string // empty: none
}

// Statistics of an interface while it was captured at.
type Statistics struct {
	Interface    int
	Began, Ended time.Time
	Received     uint64 // packets that came by
	Dropped      uint64 // of those, for lack of room
	Accepted     uint64 // by the filter
	OSDropped    uint64 // of those, for another reason
	Delivered    uint64 // are in the capture
}

// Writer writes blocks, each with one Write.
type Writer struct {
	w     io.Writer
	block []byte
}

// NewWriter begins a section.
func NewWriter(w io.Writer, s *Section) (*Writer, error) {
	p := &Writer{w: w}
	p.open(blockSection)
	p.u32(byteOrderMagic)
	p.u32(1) // version 1.0: major, then minor
	p.u64(^uint64(0))
	p.text(sectionHardware, s.Hardware)
	p.text(sectionOS, s.OS)
	p.text(sectionApplication, s.Application)
	p.text(optionComment, s.Comment)
	p.endOptions()
	return p, p.close()
}

// AddInterface tells of the next interface. All that are told of come before the first packet.
func (p *Writer) AddInterface(i *Interface) error {
	p.open(blockInterface)
	p.u32(linkEthernet) // and two reserved bytes
	p.u32(i.Snap)
	p.text(interfaceName, i.Name)
	p.text(interfaceDescription, i.Description)
	if i.Filter != "" {
		p.text(interfaceFilter, "\x00"+i.Filter) // the first byte: a filter in libpcap's syntax
	}
	p.text(interfaceOS, i.OS)
	p.text(interfaceResolution, string([]byte{nanoseconds}))
	p.endOptions()
	return p.close()
}

// Packet writes a packet.
func (p *Writer) Packet(packet *Packet) error {
	p.open(blockPacket)
	p.u32(uint32(packet.Interface))
	p.time(packet.Time)
	p.u32(uint32(len(packet.Data)))
	p.u32(uint32(packet.Length))
	p.block = append(p.block, packet.Data...)
	p.pad()
	p.text(optionComment, packet.Comment)
	flags := uint32(inbound)
	if packet.Outbound {
		flags = outbound
	}
	p.option(packetFlags, 4)
	p.u32(flags)
	p.endOptions()
	return p.close()
}

// Statistics writes those of an interface.
func (p *Writer) Statistics(s *Statistics) error {
	p.open(blockStatistics)
	p.u32(uint32(s.Interface))
	p.time(s.Ended)
	p.option(statisticsBegan, 8)
	p.time(s.Began)
	p.option(statisticsEnded, 8)
	p.time(s.Ended)
	p.count(statisticsReceived, s.Received)
	p.count(statisticsDropped, s.Dropped)
	p.count(statisticsAccepted, s.Accepted)
	p.count(statisticsOSDropped, s.OSDropped)
	p.count(statisticsDelivered, s.Delivered)
	p.endOptions()
	return p.close()
}

// open begins a block, whose length close fills in.
func (p *Writer) open(kind uint32) {
	p.block = p.block[:0]
	p.u32(kind)
	p.u32(0)
}

func (p *Writer) close() error {
	length := uint32(len(p.block) + 4)
	p.u32(length)
	binary.LittleEndian.PutUint32(p.block[4:], length)
	_, err := p.w.Write(p.block)
	return err
}

func (p *Writer) u16(v uint16) { p.block = binary.LittleEndian.AppendUint16(p.block, v) }
func (p *Writer) u32(v uint32) { p.block = binary.LittleEndian.AppendUint32(p.block, v) }
func (p *Writer) u64(v uint64) { p.block = binary.LittleEndian.AppendUint64(p.block, v) }

// time is in two halves, the upper one first.
func (p *Writer) time(t time.Time) {
	ns := uint64(t.UnixNano())
	p.u32(uint32(ns >> 32))
	p.u32(uint32(ns))
}

// option begins one; as many bytes follow, then pad.
func (p *Writer) option(code, length uint16) {
	p.u16(code)
	p.u16(length)
}

func (p *Writer) pad() {
	for len(p.block)%4 != 0 {
		p.block = append(p.block, 0)
	}
}

// maxText is what fits in an option, bytes.
const maxText = 65535

// text is an option that is left out when it is empty, and cut when it is too long.
func (p *Writer) text(code uint16, text string) {
	if text == "" {
		return
	}
	text = text[:min(len(text), maxText)]
	p.option(code, uint16(len(text)))
	p.block = append(p.block, text...)
	p.pad()
}

func (p *Writer) count(code uint16, n uint64) {
	p.option(code, 8)
	p.u64(n)
}

func (p *Writer) endOptions() { p.option(optionEnd, 0) }
