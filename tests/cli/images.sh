# ImageDecoder finds its module where hone is built and where it is installed, and says what is missing otherwise.
. "$ROOT/tests/cli/helpers.bash"
python '
import onnx, PIL.Image
pixels = np.arange(3 * 4 * 3, dtype=np.uint8).reshape(3, 4, 3)
PIL.Image.fromarray(pixels).save("x.png")
np.save("x.npy", np.fromfile("x.png", np.uint8))
np.save("pixels.npy", pixels)
u8 = onnx.TensorProto.UINT8
node = onnx.helper.make_node("ImageDecoder", ["x"], ["y"])
graph = onnx.helper.make_graph([node], "g", [onnx.helper.make_tensor_value_info("x", u8, ["n"])],
                               [onnx.helper.make_tensor_value_info("y", u8, ["height", "width", 3])])
onnx.save(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 20)], ir_version=9), "m.onnx")
'
decodes() {
    HONE=$1 expect 0 run m.onnx --input x:x.npy --outputs out.npz
    python 'assert (np.load("out.npz")["y"] == np.load("pixels.npy")).all()'
    rm out.npz
}
decodes "$HONE"
mkdir path
ln -s "$HONE" path/hone
PATH=$PWD/path:$PATH decodes hone

cmake --install "$(dirname "$HONE")" --prefix "$PWD/there" >install.txt
decodes "$PWD/there/bin/hone"
module=$(find there -name libhone_images.so)

# One that cannot be loaded is named; without any, so are the packages.
echo "no library" >"$module"
HONE=$PWD/there/bin/hone expect 2 run m.onnx --input x:x.npy --outputs out.npz
says err.txt "PNG images need the module libhone_images.so: .*/libhone_images.so: "
rm "$module"
if ! ldconfig -p | grep -q libhone_images; then
    HONE=$PWD/there/bin/hone expect 2 run m.onnx --input x:x.npy --outputs out.npz
    says err.txt "libpng-dev"
fi

# One of another version, and one that was built without the format.
python '
source = """#include "abi/image_codec.h"
const hn_image_codecs *hone_images_get(int abi) { static const hn_image_codecs all = {HN_IMAGE_ABI}; return ANSWER; }"""
open("module.c", "w").write(source)'
other() {
    ${CC:-gcc} -shared -fPIC -I"$ROOT/src" -DANSWER="$1" module.c -o "$module"
    HONE=$PWD/there/bin/hone expect 2 run m.onnx --input x:x.npy --outputs out.npz
}
other "abi ? 0 : &all"
says err.txt "belongs to another version of hone"
other "&all + 0 * abi"
says err.txt "was built without PNG images"
