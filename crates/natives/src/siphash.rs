//! SipHash (Aumasson and Bernstein, 2012) with any number of rounds. The common crates offer only fixed numbers of
//! rounds.

/// A hash in progress.
#[derive(Clone)]
pub(super) struct SipHash {
    words: [u64; 4],
    /// Bytes that do not fill a word yet.
    rest: [u8; 8],
    rest_size: usize,
    /// The number of bytes added, modulo 256.
    total: u8,
    rounds: usize,
    final_rounds: usize,
    is_long: bool,
}

impl SipHash {
    /// Starts a hash that has 16 bytes if `is_long`, and otherwise 8.
    pub(super) fn new(key: [u8; 16], rounds: usize, final_rounds: usize, is_long: bool) -> SipHash {
        let (low, high) = (word(&key, 0), word(&key, 8));
        let mut words = [
            low ^ 0x736f_6d65_7073_6575,
            high ^ 0x646f_7261_6e64_6f6d,
            low ^ 0x6c79_6765_6e65_7261,
            high ^ 0x7465_6462_7974_6573,
        ];
        if is_long {
            words[1] ^= 0xee;
        }
        SipHash { words, rest: [0; 8], rest_size: 0, total: 0, rounds, final_rounds, is_long }
    }

    /// Adds data to the hash.
    pub(super) fn update(&mut self, mut data: &[u8]) {
        self.total = self.total.wrapping_add(data.len() as u8);
        if self.rest_size > 0 {
            let taken = data.len().min(8 - self.rest_size);
            self.rest[self.rest_size..][..taken].copy_from_slice(&data[..taken]);
            self.rest_size += taken;
            data = &data[taken..];
            if self.rest_size < 8 {
                return;
            }
            self.absorb(u64::from_le_bytes(self.rest));
        }
        let chunks = data.chunks_exact(8);
        let rest = chunks.remainder();
        chunks.for_each(|chunk| self.absorb(word(chunk, 0)));
        self.rest[..rest.len()].copy_from_slice(rest);
        self.rest_size = rest.len();
    }

    /// Returns the hash: 8 or 16 bytes.
    pub(super) fn finish(mut self) -> Vec<u8> {
        self.rest[self.rest_size..].fill(0);
        self.rest[7] = self.total;
        self.absorb(u64::from_le_bytes(self.rest));
        self.words[2] ^= if self.is_long { 0xee } else { 0xff };
        let mut hash = self.squeeze().to_vec();
        if self.is_long {
            self.words[1] ^= 0xdd;
            hash.extend_from_slice(&self.squeeze());
        }
        hash
    }

    fn absorb(&mut self, word: u64) {
        self.words[3] ^= word;
        self.mix(self.rounds);
        self.words[0] ^= word;
    }

    fn squeeze(&mut self) -> [u8; 8] {
        self.mix(self.final_rounds);
        self.words.iter().fold(0, |sum, word| sum ^ word).to_le_bytes()
    }

    fn mix(&mut self, rounds: usize) {
        let [mut a, mut b, mut c, mut d] = self.words;
        for _ in 0..rounds {
            a = a.wrapping_add(b);
            c = c.wrapping_add(d);
            b = b.rotate_left(13) ^ a;
            d = d.rotate_left(16) ^ c;
            a = a.rotate_left(32).wrapping_add(d);
            c = c.wrapping_add(b);
            d = d.rotate_left(21) ^ a;
            b = b.rotate_left(17) ^ c;
            c = c.rotate_left(32);
        }
        self.words = [a, b, c, d];
    }
}

fn word(bytes: &[u8], at: usize) -> u64 {
    bytes[at..].first_chunk().map_or(0, |chunk| u64::from_le_bytes(*chunk))
}
