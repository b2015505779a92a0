package dpdk

import (
	"slices"
	"strings"
)

// DefaultMTU is the MTU of a port whose driver tells no other, bytes of the IP packet.
const DefaultMTU = 1500

// Driver says where a driver departs from what it announces through ethdev. The zero value is
// a driver whose word is taken.
type Driver struct {
	Name         string // as in rte_eth_dev_info, which vdev names begin with
	KernelMTU    bool   // the MTU belongs to a kernel interface, see KernelMTU
	RefusesMTU   bool   // rte_eth_dev_set_mtu is not called: no such call (pcap), or it resizes the kernel interface and refuses large values
	TxMultiSeg   bool   // sends chained mbufs whole though MULTI_SEGS is not announced
	RxMultiSeg   bool   // splits long frames over mbufs though SCATTER is not announced
	AnyFrameSize bool   // what it receives is not bound to the pool's data room
	SharesMbufs  bool   // hands the mbuf itself to a peer that may write to it: senders own their copies
	LeavesSent   bool   // writes neither to mbufs that others refer to nor to the array of a burst: both may be read when they were sent
	FrameMax     int    // bytes of the longest frame it sends whole; 0: none known. Longer ones are cut in silence
	RxFrameMax   int    // bytes of the longest frame it receives whole; 0: none known. Longer ones are cut in silence
	Overhead     int    // bytes a frame may have beyond the kernel interface's MTU
	TagOverhead  int    // and more, if its outer tag is 0x8100
	PartialCksum bool   // received L4 checksums may be incomplete and no mbuf flag says so
	Link         LinkBy // who knows the port's link, and switches it
	Note         string // what its counters do not say, for operators
}

// LinkBy says who knows a port's link, and switches it.
type LinkBy int

// The values of LinkBy.
const (
	LinkByDriver LinkBy = iota // GetLink, SetLinkUp, SetLinkDown; not every driver can switch
	LinkByKernel               // the kernel interface of iface=: the driver does not see its carrier
	LinkNone                   // there is no link: what the driver says of one means nothing
)

// drivers is about 22.11; whoever is not listed is taken at its word. The entry of net_af_xdp and the
// data room of net_null and net_ring follow from what the drivers are, they were not measured.
var drivers = []Driver{
	{
		Name: "net_pcap", Link: LinkNone, FrameMax: 16128, TxMultiSeg: true, RxMultiSeg: true, RefusesMTU: true, LeavesSent: true,
		Note: "one queue a direction; without tx_pcap or tx_iface frames sent are dropped and counted as sent; " +
			"at the end of a file rx stays silent; a cut-off file shows as ierrors",
	},
	{
		Name: "net_null", Link: LinkNone, TxMultiSeg: true, AnyFrameSize: true, LeavesSent: true,
		Note: "receives frames of size= bytes without end, past the end of the data room when size= exceeds it; drops what is sent; obytes stays 0",
	},
	{
		Name: "net_ring", Link: LinkNone, TxMultiSeg: true, AnyFrameSize: true, SharesMbufs: true,
		Note: "hands over the mbuf itself; obytes stays 0",
	},
	{
		Name: "net_memif", LeavesSent: true, SharesMbufs: true, // unless it copies, see SharesMbufs
		Note: "with zero-copy=yes the peer process sees the mbufs themselves",
	},
	{
		Name: "net_af_packet", Link: LinkByKernel, Overhead: 14, TagOverhead: 4, RxFrameMax: 1982, KernelMTU: true, RefusesMTU: true, PartialCksum: true, LeavesSent: true,
		Note: "a frame over the interface's MTU is lost and counted as sent; the kernel reassembles IPv4 " +
			"fragments; 0x88a8 leaves as 0x8100; frames of the host itself are received",
	},
	{
		Name: "net_tap", Link: LinkByKernel, Overhead: 22, KernelMTU: true, RefusesMTU: true, LeavesSent: true,
		Note: "the MTU is the kernel interface's; rte_eth_dev_set_mtu took 1400 and refused 9000",
	},
	{
		Name: "net_af_xdp", Link: LinkByKernel, Overhead: 14, TagOverhead: 4, KernelMTU: true, RefusesMTU: true, PartialCksum: true, LeavesSent: true,
		Note: "the MTU is the kernel interface's",
	},
}

// cards are how the names of drivers begin that LeavesSent holds for, as their sources say; virtio_user and
// virtual functions among them. Others do write: net_bonding puts what a member refused at the end of the array
// and changes addresses, bnxt, hns3 and ark pad short frames in place, and cnxk and octeontx give a reference
// back before the frame has left.
var cards = []string{
	"net_virtio", "net_vmxnet3", "net_ena", "net_e1000_", "net_igc", "net_ixgbe", "net_i40e", "net_iavf", "net_ice", "mlx5_",
}

// DriverOf returns what is known of a driver, by its name or by the name of one of its vdevs. One
// that is not listed has only its name, and LeavesSent if it is a card that is known for it.
func DriverOf(name string) Driver {
	for _, d := range drivers {
		if strings.HasPrefix(name, d.Name) {
			return d
		}
	}
	known := slices.ContainsFunc(cards, func(card string) bool { return strings.HasPrefix(name, card) })
	return Driver{Name: name, LeavesSent: known}
}

// SharesMbufs is DriverOf's word about a device with its arguments: net_memif hands over mbufs only as a
// client with zero-copy=yes. Else it copies into memory that it shares with its peer.
func SharesMbufs(device string) bool {
	if name := VdevName(device); strings.HasPrefix(name, "net_memif") {
		zeroCopy, _ := VdevArg(device, "zero-copy")
		return zeroCopy == "yes"
	}
	return DriverOf(VdevName(device)).SharesMbufs
}
