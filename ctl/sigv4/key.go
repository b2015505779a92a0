package sigv4

import (
	"crypto/hmac"
	"crypto/sha256"
	"sync"
)

const terminator = "aws4_request"

// maxCached bounds the cache: a day's keys of so many users of one service. Regions are the
// client's to choose, so only keys that have proved right are kept.
const maxCached = 4096

// derive makes the signing key of a secret for a day, a region and a service: four HMACs.
func derive(secret string, c *Credential) []byte {
	key := sum([]byte("AWS4"+secret), c.Date)
	key = sum(key, c.Region)
	key = sum(key, c.Service)
	return sum(key, terminator)
}

func sum(key []byte, text string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

// keyCache keeps signing keys. The secret is part of what they are found by, so that a key whose
// secret has changed is another key.
type keyCache struct {
	mu   sync.Mutex
	keys map[cached][]byte
}

type cached struct {
	credential Credential
	secret     string
}

func (k *keyCache) find(secret string, c *Credential) ([]byte, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	key, ok := k.keys[cached{*c, secret}]
	return key, ok
}

// keep drops everything when the cache is full: deriving again takes microseconds.
func (k *keyCache) keep(secret string, c *Credential, key []byte) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.keys) >= maxCached || k.keys == nil {
		k.keys = map[cached][]byte{}
	}
	k.keys[cached{*c, secret}] = key
}
