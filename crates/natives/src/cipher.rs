//! AES in the modes that work on whole blocks: CBC and ECB.

use aes::cipher::array::Array;
use aes::cipher::common::InnerInit;
use aes::cipher::consts::U16;
use aes::cipher::{
    Block, BlockCipherDecrypt, BlockCipherEncrypt, BlockModeDecrypt, BlockModeEncrypt, BlockSizeUser,
    InnerIvInit, KeyInit,
};
use aes::{Aes128, Aes192, Aes256};

use super::{BYTES_PER_UNIT, Call, Failure, Row};
use lucarne_heap::Ref;

pub(super) const TABLE: &[Row] = &[("new-aes", 3, new_aes), ("crypt", 5, crypt)];

const BLOCK_BYTES: usize = 16;

/// A cipher with a key and, in CBC mode, the previous block.
struct Cipher {
    mode: Box<dyn Mode>,
    encrypts: bool,
}

trait Mode: Send {
    fn crypt(&mut self, blocks: &mut [Array<u8, U16>]);
}

struct Encrypting<M>(M);
struct Decrypting<M>(M);

impl<M: BlockModeEncrypt + BlockSizeUser<BlockSize = U16> + Send> Mode for Encrypting<M> {
    fn crypt(&mut self, blocks: &mut [Array<u8, U16>]) {
        self.0.encrypt_blocks(blocks);
    }
}

impl<M: BlockModeDecrypt + BlockSizeUser<BlockSize = U16> + Send> Mode for Decrypting<M> {
    fn crypt(&mut self, blocks: &mut [Array<u8, U16>]) {
        self.0.decrypt_blocks(blocks);
    }
}

/// Returns the mode that an initialization vector stands for: ECB if there is none, CBC otherwise.
fn mode<C>(cipher: C, vector: &[u8], encrypts: bool) -> Option<Box<dyn Mode>>
where
    C: BlockCipherEncrypt + BlockCipherDecrypt + BlockSizeUser<BlockSize = U16> + Send + 'static,
{
    if vector.is_empty() {
        return Some(if encrypts {
            Box::new(Encrypting(ecb::Encryptor::inner_init(cipher)))
        } else {
            Box::new(Decrypting(ecb::Decryptor::inner_init(cipher)))
        });
    }
    let vector: &Block<C> = vector.try_into().ok()?;
    Some(if encrypts {
        Box::new(Encrypting(cbc::Encryptor::inner_iv_init(cipher, vector)))
    } else {
        Box::new(Decrypting(cbc::Decryptor::inner_iv_init(cipher, vector)))
    })
}

/// `key vector encrypts`
fn new_aes<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let (key, vector, encrypts) = (call.bytes(0)?, call.bytes(1)?, call.bool(2)?);
    let mode = if let Ok(cipher) = Aes128::new_from_slice(key) {
        mode(cipher, vector, encrypts)
    } else if let Ok(cipher) = Aes192::new_from_slice(key) {
        mode(cipher, vector, encrypts)
    } else if let Ok(cipher) = Aes256::new_from_slice(key) {
        mode(cipher, vector, encrypts)
    } else {
        None
    };
    let mode = mode.ok_or(Failure::INVALID_ARGUMENT)?;
    let size = size_of_val(&*mode);
    Ok(call.heap.new_state(Cipher { mode, encrypts }, size)?.get())
}

/// `cipher encrypt data from to` -> the data, encrypted or decrypted.
fn crypt<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let encrypt = call.bool(1)?;
    let mut bytes = call.scratch_of(2)?;
    let (blocks, rest) = Array::slice_as_chunks_mut(&mut bytes);
    if !rest.is_empty() {
        return Err(Failure::INVALID_ARGUMENT);
    }
    call.charge(blocks.len() * BLOCK_BYTES / BYTES_PER_UNIT * 2);
    call.with_state(0, |_, cipher: &mut Cipher| {
        if cipher.encrypts != encrypt {
            return Err(Failure::INVALID_ARGUMENT);
        }
        cipher.mode.crypt(blocks);
        Ok(())
    })?;
    Ok(call.heap.new_bytes_from(&bytes)?.get())
}
