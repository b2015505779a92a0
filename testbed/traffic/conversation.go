package traffic

// Said is one frame of a conversation and who sent it.
type Said struct {
	By    Host
	Frame []byte
}

// Conversation is a TCP connection in the making: handshake, data, end. Each method appends
// segments with the sequence numbers that a real connection would have and returns the same
// conversation, so that calls chain.
type Conversation struct {
	client, server         Host
	clientPort, serverPort uint16
	sent, answered         uint32 // next sequence number of client and of server
	dress                  func(Packet) Packet
	said                   []Said
}

// Dial starts a conversation with the three-way handshake. dress may change every packet, for
// instance put a VLAN tag on it; nil leaves them alone.
func Dial(client Host, clientPort uint16, server Host, serverPort uint16, dress func(Packet) Packet) *Conversation {
	if dress == nil {
		dress = func(p Packet) Packet { return p }
	}
	c := &Conversation{client: client, server: server, clientPort: clientPort, serverPort: serverPort, dress: dress}
	c.say(c.client, func(p Packet) Packet { return p.SYN() })
	c.say(c.server, func(p Packet) Packet { return p.SYNACK() })
	c.sent, c.answered = 1, 1
	c.say(c.client, nil)
	return c
}

// Asks appends data from the client, in segments of at most 1,400 bytes, and the server's ACK.
func (c *Conversation) Asks(data []byte) *Conversation {
	c.stream(c.client, &c.sent, data)
	c.say(c.server, nil)
	return c
}

// Answers appends data from the server, in segments of at most 1,400 bytes, and the client's ACK.
func (c *Conversation) Answers(data []byte) *Conversation {
	c.stream(c.server, &c.answered, data)
	c.say(c.client, nil)
	return c
}

// Closes appends FIN of both sides and the last ACK.
func (c *Conversation) Closes() *Conversation {
	c.say(c.client, func(p Packet) Packet { return p.FIN() })
	c.sent++
	c.say(c.server, func(p Packet) Packet { return p.FIN() })
	c.answered++
	c.say(c.client, nil)
	return c
}

// Said returns the frames in the order they were sent.
func (c *Conversation) Said() []Said { return c.said }

// By returns only the frames that a host sent.
func (c *Conversation) By(h Host) [][]byte {
	var frames [][]byte
	for _, s := range c.said {
		if s.By.Name == h.Name {
			frames = append(frames, s.Frame)
		}
	}
	return frames
}

const segmentSize = 1400

func (c *Conversation) stream(by Host, next *uint32, data []byte) {
	for len(data) > 0 {
		part := data[:min(segmentSize, len(data))]
		c.say(by, func(p Packet) Packet { return p.Payload(part) })
		*next += uint32(len(part))
		data = data[len(part):]
	}
}

// say appends one segment; change may set flags or payload.
func (c *Conversation) say(by Host, change func(Packet) Packet) {
	p := From(c.client).To(c.server).TCP(c.clientPort, c.serverPort).At(c.sent, c.answered)
	if by.Name == c.server.Name {
		p = From(c.server).To(c.client).TCP(c.serverPort, c.clientPort).At(c.answered, c.sent)
	}
	if change != nil {
		p = change(p)
	}
	c.said = append(c.said, Said{by, c.dress(p).Frame()})
}
